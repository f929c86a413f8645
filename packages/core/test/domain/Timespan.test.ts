import { Duration, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { TimespanInput } from "../../src/domain/Timespan.js"

const secondsOf = Schema.decodeUnknownSync(TimespanInput(0))

describe("a timespan", () => {
  it.each<readonly [unknown, number]>([
    [0, 0],
    [90, 90],
    ["1 second", 1],
    ["90 seconds", 90],
    ["1 minute", 60],
    ["24 hours", 86_400],
    ["90 days", 7_776_000],
    [Duration.days(1), 86_400],
    [1_000_000_000, 1_000_000_000]
  ])("%s is %d seconds", (value, seconds) => {
    expect(secondsOf(value)).toBe(seconds)
  })

  it.each([
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1_000_000_001,
    "90",
    "1  day",
    " 1 day",
    "1 days ",
    "1.5 days",
    "-1 day",
    "1 fortnight",
    "99999999999 seconds",
    "1 Day",
    "",
    null,
    undefined,
    [],
    Duration.millis(1),
    Duration.infinity
  ])("%s is none", (value) => {
    expect(() => secondsOf(value)).toThrow()
  })

  it("may have to be longer than none at all", () => {
    expect(() => Schema.decodeUnknownSync(TimespanInput(1))(0)).toThrow()
  })
})
