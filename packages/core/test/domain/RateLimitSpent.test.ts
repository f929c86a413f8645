import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { charge, isSpent, type RateLimitState } from "../../src/domain/RateLimitCharge.js"
import { windowAt } from "../../src/domain/RateLimitWindow.js"
import { after, algorithms, chargesOf, limitOf, scenarios } from "./rateLimits.js"

describe("a state that is spent", () => {
  it.each(algorithms)("%s: decides all that follows as none would", (algorithm) => {
    let spent = 0
    FastCheck.assert(
      FastCheck.property(
        scenarios(algorithm),
        scenarios(algorithm),
        FastCheck.integer({ min: 0, max: 10 }),
        (past, { calls }, windows) => {
          let state: RateLimitState | null = null
          for (const { cost, limit, now } of chargesOf(past)) state = charge(limit, state, now, cost)[1]
          if (state === null) return
          const { end, start } = windowAt(past.limit.window, state.at)
          const now = state.at + windows * (end - start)
          if (!isSpent(past.limit, state, now)) return
          spent++
          let [kept, forgotten]: ReadonlyArray<RateLimitState | null> = [state, null]
          for (const each of chargesOf({ ...past, start: now, calls })) {
            const at = Math.max(now, each.now)
            const [withIt, keptAfter] = charge(each.limit, kept ?? null, at, each.cost)
            const [without, forgottenAfter] = charge(each.limit, forgotten ?? null, at, each.cost)
            expect(without).toEqual(withIt)
            kept = keptAfter
            forgotten = forgottenAfter
          }
        }
      ),
      { numRuns: 500 }
    )
    expect(spent).toBeGreaterThan(50)
  })

  it("is one that another window lies behind", () => {
    for (const algorithm of ["fixed-window", "sliding-window"] as const) {
      const limit = limitOf(algorithm, 5)
      const state = after(limit, 59_999, 3)
      expect([60_000, 119_999, 120_000].map((now) => isSpent(limit, state, now))).toEqual([false, false, true])
    }
  })

  it("is a bucket that is full, however slowly it was refilled", () => {
    const limit = limitOf("token-bucket", 5)
    const state = after(limit, 0, 3)
    expect([179_999, 180_000].map((now) => isSpent(limit, state, now))).toEqual([false, true])
  })
})
