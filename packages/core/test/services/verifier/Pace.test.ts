import { describe, expect, it } from "vitest"
import { chargeAll, type KeyId, type RateLimit } from "../../../src/index.js"
import { Pace } from "../../../src/services/verifier/Pace.js"

const id = "one" as KeyId
const limits: ReadonlyArray<RateLimit> = [
  { name: "default", algorithm: "fixed-window", requests: 100, window: "day", burst: null }
]

/** The limits, with so many permits left. */
const withLeft = (left: number) => chargeAll(limits, [{ at: 0, used: 100 - left, carry: 0 }], 0, 0)[0].limits

describe("the pace of a key's calls", () => {
  it("takes permits ahead of calls that come together, or soon after each other, and more each time", () => {
    const pace = new Pace()
    expect(pace.ahead(id, 2, 0)).toBe(8)
    expect(new Pace().ahead(id, 1, 0)).toBe(0)
    expect(pace.ahead(id, 1, 100)).toBe(16)
    expect(pace.ahead(id, 1, 200)).toBe(32)
    pace.left(id, 20)
    expect(pace.ahead(id, 1, 300)).toBe(12)
    expect(pace.ahead(id, 1, 550)).toBe(0)
  })

  it("takes none ahead of calls that are further apart than permits of the limit are held", () => {
    const pace = new Pace()
    pace.ahead(id, 1, 0)
    pace.heard(id, withLeft(99), 1, 0)
    expect(pace.ahead(id, 1, 14)).toBe(8)
    expect(pace.ahead(id, 1, 30)).toBe(0)
  })

  it("holds permits for less time, the fewer are left and the faster they are taken", () => {
    const pace = new Pace()
    pace.ahead(id, 1, 0)
    expect(pace.heard(id, withLeft(96), 1, 0)).toBe(12)
    expect(pace.heard(id, withLeft(88), 0, 10_000)).toBe(44)
    expect(pace.heard(id, withLeft(80), 0, 10_008)).toBe(20)
    expect(pace.heard(id, withLeft(80), 0, 10_058)).toBeCloseTo(20 * Math.SQRT2)
    expect(pace.heard(id, withLeft(16), 0, 10_059)).toBe(2)
  })

  it("waits before a refusal where the store had less than this process left it, and seldom", () => {
    const pace = new Pace()
    expect(pace.waits(id, 0)).toBe(false)
    pace.ahead(id, 1, 0)
    pace.heard(id, withLeft(89), 11, 0)
    expect(pace.waits(id, 0)).toBe(false)
    pace.returned(id, 10)
    pace.heard(id, withLeft(98), 1, 10)
    expect(pace.waits(id, 10)).toBe(false)
    pace.heard(id, withLeft(0), 0, 1000)
    expect([pace.waits(id, 1499), pace.waits(id, 1499), pace.waits(id, 1500)]).toEqual([true, false, false])
    pace.heard(id, withLeft(0), 0, 2000)
    expect(pace.waits(id, 2000)).toBe(false)
  })

  it("does not know, when it hears of a limit first, who has used it", () => {
    const pace = new Pace()
    pace.ahead(id, 1, 0)
    pace.heard(id, withLeft(0), 0, 0)
    expect(pace.waits(id, 0)).toBe(true)
  })
})
