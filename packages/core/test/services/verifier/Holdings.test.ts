import { describe, expect, it } from "vitest"
import { chargeAll, type KeyId, type RateLimit } from "../../../src/index.js"
import { Holdings } from "../../../src/services/verifier/Holdings.js"

const id = "one" as KeyId
const limits: ReadonlyArray<RateLimit> = [
  { name: "default", algorithm: "fixed-window", requests: 100, window: "day", burst: null }
]
const lease = { permits: 5, grantedAt: 1_000_000, lifetimeMillis: 250 }
const [outcome] = chargeAll(limits, [{ at: 1_000_000, used: 40, carry: 0 }], 1_000_000, 0)

const noon = Date.UTC(2026, 4, 4, 12)

/** By both clocks, of which the one may be ahead of where it was. */
const at = (monotonic: number, ahead = 0) => ({ millis: noon + monotonic + ahead, monotonic })

/** Permits in hand since 0, to be spent before 200. */
const holding = () => {
  const ended: Array<readonly [permits: number, left: number, part: number]> = []
  const holdings = new Holdings(({ left, part, permits }) => void ended.push([permits, left, part]))
  const held = holdings.hold({ keyId: id, limits }, lease, outcome, at(0), 0, 200)
  return { holdings, held, ended, refund: (permits: number) => ({ keyId: id, limits, lease: { ...lease, permits } }) }
}

describe("permits at hand", () => {
  it("are shown as left, and spent until there are too few", () => {
    const { ended, held, holdings } = holding()
    expect(held.limits[0]?.remaining).toBe(65)
    expect(holdings.spend(id, limits, 3, at(0))?.limits[0]?.remaining).toBe(62)
    expect(holdings.spend(id, limits, 3, at(0))).toBeNull()
    expect(holdings.spend("other" as KeyId, limits, 1, at(0))).toBeNull()
    expect(holdings.spend(id, [...limits], 1, at(0))).toBeNull()
    expect(holdings.spend(id, limits, 2, at(0))?.allowed).toBe(true)
    expect([holdings.isEmpty, ended]).toEqual([true, [[5, 0, 1 / 200]]])
  })

  it("are not spent any more once their time is over, whether or not anybody has looked", () => {
    const { holdings } = holding()
    expect(holdings.spend(id, limits, 1, at(199.9))).not.toBeNull()
    expect(holdings.has(id, 199.9)).toBe(true)
    expect(holdings.spend(id, limits, 1, at(200))).toBeNull()
    expect([holdings.has(id, 200), holdings.has("other" as KeyId, 0)]).toEqual([false, false])
  })

  it("are not spent where the clocks have parted, since nobody knows how much time has passed", () => {
    const { holdings } = holding()
    for (const ahead of [501, -501, 3_600_000]) expect(holdings.spend(id, limits, 1, at(10, ahead))).toBeNull()
    expect(holdings.spend(id, limits, 1, at(-1))).toBeNull()
    for (const ahead of [0, 499, -499]) expect(holdings.spend(id, limits, 1, at(10, ahead))).not.toBeNull()
  })

  it("are put aside when they are due, and given back once", () => {
    const { ended, holdings, refund } = holding()
    holdings.spend(id, limits, 1, at(10))
    expect(holdings.due).toBe(250)
    holdings.sweep(199)
    expect([holdings.due, holdings.takeAside()]).toEqual([250, []])
    holdings.sweep(250)
    expect([holdings.due, holdings.isEmpty, ended]).toEqual([Number.POSITIVE_INFINITY, true, [[5, 4, 1]]])
    expect(holdings.spend(id, limits, 1, at(100))).toBeNull()
    expect(holdings.takeAside()).toEqual([refund(4)])
    expect(holdings.takeAside()).toEqual([])
  })

  it("are put aside before they are due, of one key or of all that ended first, and given back once", () => {
    const { holdings, refund } = holding()
    const [second, third] = ["second" as KeyId, "third" as KeyId]
    holdings.hold({ keyId: second, limits }, lease, outcome, at(0), 0, 300)
    holdings.hold({ keyId: third, limits }, lease, outcome, at(0), 0, 200)
    holdings.spend(id, limits, 3, at(0))
    holdings.putEndedAside(199)
    expect(holdings.takeAsideOf(id)).toBeNull()
    holdings.putEndedAside(200)
    expect([holdings.takeAsideOf(id), holdings.takeAsideOf(id)]).toEqual([refund(2), null])
    expect([holdings.has(second, 200), holdings.takeAsideOf(third)]).toEqual([true, null])
    holdings.putAside(second, 100)
    expect(holdings.takeAside()).toEqual([{ ...refund(5), keyId: second }])
  })

  it("are put aside early, in the second half of their life, where some were spent and that is wanted", () => {
    const ids = Array.from({ length: 6 }, (_, i) => `key ${i}` as KeyId)
    const holdings = new Holdings(() => undefined)
    for (const keyId of ids) holdings.hold({ keyId, limits }, lease, outcome, at(0), 0, 200)
    holdings.hold({ keyId: id, limits }, lease, outcome, at(50), 50, 250)
    for (const keyId of [...ids.slice(1), id]) holdings.spend(keyId, limits, 4, at(50))
    const held = () => [...ids, id].filter((keyId) => holdings.has(keyId, 100))
    holdings.putEarlyAside(99, 9, () => true)
    holdings.putEarlyAside(100, 0, () => true)
    expect(held()).toHaveLength(7)
    holdings.spend(ids[0] as KeyId, limits, 3, at(100))
    holdings.putEarlyAside(100, 2, (keyId) => keyId !== ids[1])
    expect(held()).toEqual([ids[0], ids[1], ids[4], ids[5], id])
    holdings.putEarlyAside(100, 9, () => true)
    expect(held()).toEqual([ids[0], id])
    expect(holdings.takeAside().map(({ keyId }) => keyId)).toEqual([ids[2], ids[3], ids[1], ids[4], ids[5]])
  })

  it("are forgotten with what was put aside, of one key alone", () => {
    const { holdings } = holding()
    const other = "other" as KeyId
    holdings.hold({ keyId: other, limits }, lease, outcome, at(0), 0, 200)
    holdings.putAside(id, 100)
    holdings.putAside(other, 100)
    holdings.forget(id)
    expect(holdings.takeAside().map(({ keyId }) => keyId)).toEqual([other])
  })
})
