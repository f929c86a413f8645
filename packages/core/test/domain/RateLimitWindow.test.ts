import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { RateLimitWindowInput, refillMillis, windowAt } from "../../src/domain/RateLimitWindow.js"
import { accepted, refusals } from "./decoding.js"

const rule = "is not second, minute, hour, day, month or a whole number of seconds from 1 to 10^9"
const utc = (text: string) => Date.parse(`${text}Z`)

describe("a window from a caller", () => {
  it("is a named one, or whole seconds", () => {
    for (const window of ["second", "minute", "hour", "day", "month", 2, 59, 61, 604_800, 2_592_000, 1_000_000_000]) {
      expect(accepted(RateLimitWindowInput, window)).toBe(window)
    }
  })

  it("has one form alone: seconds that have a name take it", () => {
    expect([1, 60, 3600, 86_400].map((seconds) => accepted(RateLimitWindowInput, seconds))).toEqual([
      "second",
      "minute",
      "hour",
      "day"
    ])
  })

  it("is nothing else", () => {
    const numbers = [0, -1, 0.5, 60.5, 1_000_000_001, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]
    for (const window of [...numbers, "week", "Minute", "60", "", null, undefined, {}, [60], 60n, true]) {
      expect(refusals(RateLimitWindowInput, window)).toEqual([rule])
    }
  })
})

describe("a window of fixed length", () => {
  it.each([
    ["second", 1],
    ["minute", 60],
    ["hour", 3600],
    ["day", 86_400],
    [7, 7],
    [604_800, 604_800],
    [1_000_000_000, 1_000_000_000]
  ] as const)("%s starts at the multiples of its length since the epoch, and holds the time", (window, seconds) => {
    const length = seconds * 1000
    FastCheck.assert(
      FastCheck.property(FastCheck.nat(1000), FastCheck.nat(length - 1), (index, offset) => {
        const start = index * length
        expect(windowAt(window, start + offset)).toEqual({ start, end: start + length })
      })
    )
    expect(windowAt(window, 3 * length)).toEqual({ start: 3 * length, end: 4 * length })
    expect(windowAt(window, 4 * length - 1)).toEqual({ start: 3 * length, end: 4 * length })
    expect(refillMillis(window)).toBe(length)
  })

  it("agrees with the clock on the wall in UTC", () => {
    const at = utc("2024-02-29T13:37:42.123")
    expect(windowAt("minute", at)).toEqual({ start: utc("2024-02-29T13:37:00"), end: utc("2024-02-29T13:38:00") })
    expect(windowAt("hour", at)).toEqual({ start: utc("2024-02-29T13:00:00"), end: utc("2024-02-29T14:00:00") })
    expect(windowAt("day", at)).toEqual({ start: utc("2024-02-29T00:00:00"), end: utc("2024-03-01T00:00:00") })
  })
})

describe("a month", () => {
  it.each([
    ["2023-02-15T12:00:00", "2023-02-01", "2023-03-01", 28],
    ["2024-02-29T23:59:59.999", "2024-02-01", "2024-03-01", 29],
    ["2000-02-29T00:00:00", "2000-02-01", "2000-03-01", 29],
    ["2100-02-28T23:59:59.999", "2100-02-01", "2100-03-01", 28],
    ["2024-03-01T00:00:00", "2024-03-01", "2024-04-01", 31],
    ["2024-04-30T23:59:59.999", "2024-04-01", "2024-05-01", 30],
    ["2024-12-31T23:59:59.999", "2024-12-01", "2025-01-01", 31],
    ["2025-01-01T00:00:00", "2025-01-01", "2025-02-01", 31],
    ["1970-01-01T00:00:00", "1970-01-01", "1970-02-01", 31]
  ])("at %s is from %s to %s in UTC: %d days", (at, start, end, days) => {
    const span = windowAt("month", utc(at.includes(".") ? at : `${at}.000`))
    expect(span).toEqual({ start: Date.parse(start), end: Date.parse(end) })
    expect((span.end - span.start) / 86_400_000).toBe(days)
  })

  it("follows the month before without gap or overlap", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.integer({ min: 0, max: utc("2999-12-31T00:00:00") }), (at) => {
        const { start, end } = windowAt("month", at)
        expect(start <= at && at < end).toBe(true)
        expect(windowAt("month", start - 1).end).toBe(start)
        expect(windowAt("month", end).start).toBe(end)
        expect(new Date(start).toISOString().slice(7)).toBe("-01T00:00:00.000Z")
      })
    )
  })

  it("counts 30 days for a bucket, which refills evenly", () => {
    expect(refillMillis("month")).toBe(30 * 86_400_000)
  })
})
