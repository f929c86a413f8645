import { describe, expect, it } from "vitest"
import { chargeAll, type KeyId, type RateLimit } from "../../../src/index.js"
import { Holdings } from "../../../src/services/verifier/Holdings.js"

const id = "one" as KeyId
const limits: ReadonlyArray<RateLimit> = [
  { name: "default", algorithm: "fixed-window", requests: 100, window: "day", burst: null }
]
const lease = { permits: 5, grantedAt: 1_000_000, lifetimeMillis: 250 }
const [outcome] = chargeAll(limits, [{ at: 1_000_000, used: 40, carry: 0 }], 1_000_000, 0)

/** Permits in hand since 0, to be spent before 200. */
const holding = () => {
  const unspent: Array<number> = []
  const holdings = new Holdings((_, left) => void unspent.push(left))
  const held = holdings.hold({ keyId: id, limits }, lease, outcome, 0, 200)
  return { holdings, held, unspent, refund: (permits: number) => ({ keyId: id, limits, lease: { ...lease, permits } }) }
}

describe("permits at hand", () => {
  it("are shown as left, and spent until there are too few", () => {
    const { held, holdings } = holding()
    expect(held.limits[0]?.remaining).toBe(65)
    expect(holdings.spend(id, limits, 3, 0)?.limits[0]?.remaining).toBe(62)
    expect(holdings.spend(id, limits, 3, 0)).toBeNull()
    expect(holdings.spend("other" as KeyId, limits, 1, 0)).toBeNull()
    expect(holdings.spend(id, [...limits], 1, 0)).toBeNull()
    expect(holdings.spend(id, limits, 2, 0)?.allowed).toBe(true)
    expect([holdings.isEmpty, holdings.of(id)]).toEqual([true, 0])
  })

  it("are not spent any more once their time is over, whether or not anybody has looked", () => {
    const { holdings } = holding()
    expect(holdings.spend(id, limits, 1, 199.9)).not.toBeNull()
    expect(holdings.spend(id, limits, 1, 200)).toBeNull()
    expect(holdings.of(id)).toBe(4)
  })

  it("are put aside when they are due, and given back once", () => {
    const { holdings, refund, unspent } = holding()
    holdings.spend(id, limits, 1, 10)
    expect(holdings.due).toBe(250)
    holdings.sweep(199)
    expect([holdings.due, holdings.takeAside()]).toEqual([250, []])
    holdings.sweep(250)
    expect([holdings.due, holdings.isEmpty, holdings.of(id), unspent]).toEqual([Number.POSITIVE_INFINITY, true, 4, [4]])
    expect(holdings.spend(id, limits, 1, 100)).toBeNull()
    expect(holdings.takeAside()).toEqual([refund(4)])
    expect([holdings.takeAside(), holdings.of(id)]).toEqual([[], 0])
  })

  it("are put aside for others that come in their place", () => {
    const { holdings, refund } = holding()
    holdings.spend(id, limits, 3, 0)
    holdings.hold({ keyId: id, limits }, { ...lease, permits: 7 }, outcome, 50, 60)
    expect([holdings.of(id), holdings.due]).toEqual([9, 62.5])
    expect(holdings.takeAside()).toEqual([refund(2)])
  })

  it("are forgotten with what was put aside, of one key alone", () => {
    const { holdings } = holding()
    const other = "other" as KeyId
    holdings.hold({ keyId: other, limits }, lease, outcome, 0, 200)
    holdings.putAside(id)
    holdings.putAside(other)
    holdings.forget(id)
    expect(holdings.takeAside().map(({ keyId }) => keyId)).toEqual([other])
    expect(holdings.of(id)).toBe(0)
  })
})
