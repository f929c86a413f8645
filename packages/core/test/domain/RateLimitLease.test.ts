import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { leaseAll, type RateLimitLease, refundAll } from "../../src/domain/RateLimitLease.js"
import { chargeAll } from "../../src/domain/RateLimitStatus.js"
import { charge, type RateLimit, type RateLimitState } from "../../src/index.js"

const start = Date.UTC(2030, 0, 31, 23, 59, 58)

const limit = (name: string): fc.Arbitrary<RateLimit> =>
  fc
    .record({
      name: fc.constant(name),
      algorithm: fc.constantFrom("fixed-window" as const, "sliding-window" as const, "token-bucket" as const),
      requests: fc.integer({ min: 1, max: 400 }),
      window: fc.constantFrom("second" as const, "minute" as const, 7),
      burst: fc.option(fc.integer({ min: 1, max: 400 }))
    })
    .map((each) => ({ ...each, burst: each.algorithm === "token-bucket" ? (each.burst ?? each.requests) : null }))

/** What one of several processes does after a pause. */
const step = fc.record({
  process: fc.integer({ min: 0, max: 3 }),
  pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 240 }), fc.integer({ min: 0, max: 2500 })),
  does: fc.constantFrom(
    "lease" as const,
    "spend" as const,
    "spend" as const,
    "spendAll" as const,
    "refund" as const,
    "die" as const,
    "exhaust" as const
  ),
  size: fc.integer({ min: 1, max: 60 })
})

interface Held {
  lease: RateLimitLease | null
  left: number
}

describe("leases", () => {
  it("admit nothing that the algorithm would not admit at that very time, however many processes hold them", () => {
    fc.assert(
      fc.property(
        fc.tuple(limit("a"), limit("b")),
        fc.array(step, { minLength: 5, maxLength: 120, size: "max" }),
        (limits, steps) => {
          let states: ReadonlyArray<RateLimitState | null> = [null, null]
          let reference: ReadonlyArray<RateLimitState | null> = [null, null]
          let now = start
          const processes: Array<Held> = Array.from({ length: 4 }, () => ({ lease: null, left: 0 }))
          const admit = (count: number) => {
            for (let n = 0; n < count; n++) {
              const [outcome, after] = chargeAll(limits, reference, now, 1)
              expect(outcome.allowed).toBe(true)
              reference = after ?? reference
            }
          }
          const giveBack = (held: Held) => {
            if (held.lease !== null && held.left > 0) {
              states = refundAll(limits, states, now, { ...held.lease, permits: held.left })
            }
            held.lease = null
            held.left = 0
          }
          for (const { does, pause, process, size } of steps) {
            now += pause
            const held = processes[process] as Held
            const alive = held.lease !== null && now < held.lease.grantedAt + held.lease.lifetimeMillis
            if (does === "lease") {
              giveBack(held)
              const granted = leaseAll(limits, states, now, size)
              if (granted === null) continue
              states = granted[1]
              held.lease = granted[0]
              held.left = granted[0].permits
              expect(held.left).toBeLessThanOrEqual(size)
            } else if (does === "exhaust") {
              for (let allowed = true; allowed; ) {
                const [outcome, after] = chargeAll(limits, states, now, 1)
                states = after ?? states
                allowed = outcome.allowed
                if (allowed) admit(1)
              }
            } else if (does === "refund") {
              giveBack(held)
            } else if (does === "die") {
              held.lease = null
              held.left = 0
            } else if (alive) {
              const count = does === "spendAll" ? held.left : Math.min(1, held.left)
              held.left -= count
              admit(count)
            }
          }
        }
      ),
      { numRuns: 400 }
    )
  })

  it("leave a bucket that was full no more than it holds, together with what they hold", () => {
    const bucket: RateLimit = { name: "a", algorithm: "token-bucket", requests: 300, window: "second", burst: 300 }
    const [lease, states] = leaseAll([bucket], [null], start, 100) as NonNullable<ReturnType<typeof leaseAll>>
    expect(lease).toEqual({ permits: 18, grantedAt: start, lifetimeMillis: 7 })
    const { remaining } = charge(bucket, states[0] ?? null, start + 7, 0)[0]
    expect(remaining + lease.permits).toBeLessThanOrEqual(300)
    expect(remaining + lease.permits).toBeGreaterThan(295)
  })

  it("cost nothing in the end, where all is given back in time", () => {
    const fixed: RateLimit = { name: "a", algorithm: "fixed-window", requests: 320, window: "minute", burst: null }
    const leased = leaseAll([fixed], [null], start, 100)
    expect(leased?.[0]).toEqual({ permits: 20, grantedAt: start, lifetimeMillis: 250 })
    expect(charge(fixed, leased?.[1][0] ?? null, start, 0)[0].remaining).toBe(300)
    const [state] = refundAll([fixed], leased?.[1] ?? [], start + 200, leased?.[0] as RateLimitLease)
    expect(charge(fixed, state ?? null, start + 200, 0)[0].remaining).toBe(320)
  })

  it("are none where less than a sixteenth of one is left, or the window is all but over", () => {
    const fixed: RateLimit = { name: "a", algorithm: "fixed-window", requests: 15, window: "minute", burst: null }
    expect(leaseAll([fixed], [null], start, 100)).toBeNull()
    const wide = { ...fixed, requests: 1000 }
    expect(leaseAll([wide], [null], start + 1994, 100)?.[0].lifetimeMillis).toBe(1)
    expect(leaseAll([wide], [null], start + 1995, 100)).toBeNull()
    expect(leaseAll([wide], [null], start + 2000, 100)?.[0].lifetimeMillis).toBe(250)
  })

  it("give nothing back to a window that they were not taken from, nor to a counter that is gone", () => {
    const fixed: RateLimit = { name: "a", algorithm: "fixed-window", requests: 320, window: "minute", burst: null }
    const [lease, states] = leaseAll([fixed], [null], start, 100) as NonNullable<ReturnType<typeof leaseAll>>
    const next = charge(fixed, states[0] ?? null, start + 2000, 5)[1]
    expect(refundAll([fixed], [next], start + 2001, lease)).toEqual([next])
    expect(refundAll([fixed], [null], start, lease)).toEqual([null])
  })
})
