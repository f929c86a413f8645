import { describe, expect, it } from "vitest"
import { chargeAll, type KeyId, type RateLimit } from "../../../src/index.js"
import { Pace } from "../../../src/services/verifier/Pace.js"

const id = "one" as KeyId
const limits: ReadonlyArray<RateLimit> = [
  { name: "default", algorithm: "fixed-window", requests: 100, window: "day", burst: null }
]

const key = { keyId: id, limits }

/** The limits, with so many permits left. */
const withLeft = (left: number) => chargeAll(limits, [{ at: 0, used: 100 - left, carry: 0 }], 0, 0)[0].limits

describe("the pace of a key's calls", () => {
  it("takes permits ahead of calls that come together, or soon after each other, and more each time", () => {
    const pace = new Pace()
    expect(pace.ahead(key, 2, 0)).toBe(8)
    expect(new Pace().ahead(key, 1, 0)).toBe(0)
    expect(pace.ahead(key, 1, 100)).toBe(16)
    expect(pace.ahead(key, 1, 200)).toBe(32)
    pace.ended({ keyId: id, limits, permits: 32, left: 20, part: 1 })
    expect(pace.ahead(key, 1, 300)).toBe(18)
    expect(pace.ahead(key, 1, 550)).toBe(0)
    // However long ago it was: what it took was spent.
    pace.ended({ keyId: id, limits, permits: 18, left: 17, part: 1 })
    expect(pace.ahead(key, 1, 5000)).toBe(8)
  })

  it("takes none ahead of calls that are further apart than permits of the limit are held", () => {
    const pace = new Pace()
    pace.ahead(key, 1, 0)
    pace.heard(id, withLeft(99), 1, 0)
    expect(pace.ahead(key, 1, 14)).toBe(8)
    expect(pace.ahead(key, 1, 30)).toBe(0)
  })

  it("holds permits for less time, the fewer are left and the faster they are taken", () => {
    const pace = new Pace()
    pace.ahead(key, 1, 0)
    expect(pace.heard(id, withLeft(96), 1, 0)).toBe(12)
    expect(pace.heard(id, withLeft(88), 0, 10_000)).toBe(44)
    expect(pace.heard(id, withLeft(80), 0, 10_008)).toBe(20)
    expect(pace.heard(id, withLeft(80), 0, 10_058)).toBeCloseTo(20 * Math.SQRT2)
    expect(pace.heard(id, withLeft(16), 0, 10_059)).toBe(2)
  })

  it("waits before a refusal where the store had less than this process left it, and seldom", () => {
    const pace = new Pace()
    expect(pace.waits(id, 0)).toBe(false)
    pace.ahead(key, 1, 0)
    pace.heard(id, withLeft(89), 11, 0)
    expect(pace.waits(id, 0)).toBe(false)
    pace.returned({ ...key, lease: { permits: 10, grantedAt: 0, lifetimeMillis: 250 } })
    pace.heard(id, withLeft(98), 1, 10)
    expect(pace.waits(id, 10)).toBe(false)
    pace.heard(id, withLeft(0), 0, 1000)
    expect([pace.waits(id, 1499), pace.waits(id, 1499), pace.waits(id, 1500)]).toEqual([true, false, false])
    pace.heard(id, withLeft(0), 0, 2000)
    expect(pace.waits(id, 2000)).toBe(false)
  })

  it("does not know, when it hears of a limit first, who has used it", () => {
    const pace = new Pace()
    pace.ahead(key, 1, 0)
    pace.heard(id, withLeft(0), 0, 0)
    expect(pace.waits(id, 0)).toBe(true)
  })
})

describe("keys that are not called", () => {
  const wide: ReadonlyArray<RateLimit> = [
    { name: "default", algorithm: "fixed-window", requests: 100_000, window: "day", burst: null }
  ]
  const ids = Array.from({ length: 100 }, (_, i) => `key ${i}` as KeyId)
  const none = () => false

  /** Each is called in turn, a millisecond after the other, with so many permits left. */
  const called = (left = 10_000, keys = ids, pace = new Pace(), start = 0) => {
    keys.forEach((keyId, i) => {
      pace.ahead({ keyId, limits: wide }, 1, start + i)
      pace.heard(keyId, chargeAll(wide, [{ at: 0, used: 100_000 - left, carry: 0 }], 0, 0)[0].limits, 1, start + i)
    })
    return pace
  }

  const idsOf = (along: ReturnType<Pace["along"]>) => along.map(({ keyId }) => keyId)

  it("take permits along, the one that was called first before the others, a few of them at first", () => {
    const pace = called()
    const found = pace.along(31, 1000, (id) => id === ids[1])
    expect(idsOf(found)).toEqual([ids[0], ids[2], ids[3], ids[4]])
    expect(found[0]).toEqual({ keyId: ids[0], limits: wide, ahead: 8 })
    expect(idsOf(pace.along(2, 1000, none))).toEqual([ids[5], ids[6]])
  })

  it("take permits along once, unless some were spent, or the key was called", () => {
    const pace = called(10_000, ids.slice(0, 2))
    expect(idsOf(pace.along(31, 1000, none))).toEqual([ids[0], ids[1]])
    pace.ended({ keyId: ids[0] as KeyId, limits: wide, permits: 8, left: 8, part: 1 })
    pace.ended({ keyId: ids[1] as KeyId, limits: wide, permits: 8, left: 0, part: 1 })
    expect(pace.along(31, 2000, none)).toEqual([{ keyId: ids[1], limits: wide, ahead: 16 }])
    called(10_000, ids.slice(0, 1), pace, 3000)
    expect(idsOf(pace.along(31, 4000, none))).toEqual([ids[0]])
  })

  it("are more, the more of them were called, and hardly any where none are", () => {
    const right = called()
    for (const { keyId } of right.along(31, 1000, none))
      right.ended({ keyId, limits: wide, permits: 8, left: 0, part: 1 })
    // These four go along as keys whose permits were spent, whatever comes of guesses.
    expect(right.along(31, 1001, none)).toHaveLength(4 + 8)
    const wrong = called()
    for (const { keyId } of wrong.along(31, 1000, none))
      wrong.ended({ keyId, limits: wide, permits: 8, left: 8, part: 1 })
    const counts = Array.from({ length: 16 }, (_, i) => wrong.along(31, 1001 + i, none).length)
    expect(counts.reduce((sum, count) => sum + count)).toBe(2)
  })

  it("are guessed no better or worse for what a key did that was called in the meantime", () => {
    const pace = called()
    for (const { keyId } of pace.along(31, 1000, none)) {
      // Its counter was gone: there was no lease. The call brings one, which is not spent.
      pace.ahead({ keyId, limits: wide }, 2, 1001)
      pace.ended({ keyId, limits: wide, permits: 8, left: 8, part: 1 })
    }
    expect(pace.along(31, 2000, none)).toHaveLength(4)
  })

  it("take none of a limit that has little left, nor of one that nothing was heard of", () => {
    expect(called(511).along(31, 1000, none)).toEqual([])
    expect(called(512).along(31, 1000, none)).toHaveLength(4)
    const pace = new Pace()
    pace.ahead({ keyId: id, limits: wide }, 1, 0)
    expect(pace.along(31, 1000, none)).toEqual([])
  })

  it("are not those that are called at this very moment", () => {
    expect(called(10_000, ids.slice(0, 1)).along(31, 0, none)).toEqual([])
  })

  it("are forgotten a minute after they were called last", () => {
    const pace = called(10_000, ids.slice(0, 2))
    pace.sweep(60_001)
    expect(idsOf(pace.along(31, 60_001, none))).toEqual([ids[1]])
  })
})
