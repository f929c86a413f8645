import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { capacityOf } from "../../src/domain/RateLimit.js"
import { charge, type RateLimitState } from "../../src/domain/RateLimitCharge.js"
import { fixedWindowModel, slidingWindowModel, tokenBucketModel } from "./rateLimitModels.js"
import { algorithms, chargesOf, scenarios } from "./rateLimits.js"

const models = {
  "fixed-window": fixedWindowModel,
  "sliding-window": slidingWindowModel,
  "token-bucket": tokenBucketModel
}

const runs = { numRuns: 250 }

describe.each(algorithms)("%s against its model", (algorithm) => {
  it("admits exactly what the promise allows, whatever the clock does and however the figures change", () => {
    FastCheck.assert(
      FastCheck.property(scenarios(algorithm), (scenario) => {
        const model = models[algorithm](scenario.limit.window)
        let state: RateLimitState | null = null
        for (const { limit, now, cost } of chargesOf(scenario)) {
          const seen = model.pass(limit, now)
          const allowed = cost === 0 || model.fits(limit, seen, cost)
          const [decision, after] = charge(limit, state, now, cost)
          expect(decision.allowed).toBe(allowed)
          expect(after.at).toBe(seen)
          if (allowed) model.take(seen, cost)
          state = after
        }
      }),
      runs
    )
  })

  it("tells how many more would be admitted: so many, and not one more", () => {
    FastCheck.assert(
      FastCheck.property(scenarios(algorithm), (scenario) => {
        const model = models[algorithm](scenario.limit.window)
        let state: RateLimitState | null = null
        for (const { limit, now, cost } of chargesOf(scenario)) {
          const seen = model.pass(limit, now)
          const [decision, after] = charge(limit, state, now, cost)
          if (decision.allowed) model.take(seen, cost)
          state = after
          const { remaining } = decision
          expect(remaining === 0 || model.fits(limit, seen, remaining)).toBe(true)
          expect(model.fits(limit, seen, remaining + 1)).toBe(false)
        }
      }),
      runs
    )
  })

  it("tells the wait to the millisecond: then the cost fits, and a millisecond before it does not", () => {
    let waits = 0
    FastCheck.assert(
      FastCheck.property(scenarios(algorithm), (scenario) => {
        const model = models[algorithm](scenario.limit.window)
        let state: RateLimitState | null = null
        for (const { limit, now, cost } of chargesOf(scenario)) {
          const seen = model.pass(limit, now)
          const [decision, after] = charge(limit, state, now, cost)
          state = after
          const wait = decision.retryAfterMillis
          if (decision.allowed) {
            expect(wait).toBe(0)
            model.take(seen, cost)
          } else if (cost > capacityOf(limit)) {
            expect(wait).toBeNull()
          } else {
            const then = now + (wait as number)
            expect(model.fits(limit, then, cost)).toBe(true)
            expect(model.fits(limit, then - 1, cost)).toBe(false)
            expect(charge(limit, state, then, cost)[0].allowed).toBe(true)
            expect(charge(limit, state, then - 1, cost)[0].allowed).toBe(false)
            waits++
          }
        }
      }),
      runs
    )
    expect(waits).toBeGreaterThan(100)
  })

  it("tells when more than what remains could be admitted", () => {
    FastCheck.assert(
      FastCheck.property(scenarios(algorithm), (scenario) => {
        let state: RateLimitState | null = null
        for (const { limit, now, cost } of chargesOf(scenario)) {
          const [{ remaining, resetAfterMillis }, after] = charge(limit, state, now, cost)
          state = after
          const at = (millis: number) => charge(limit, state, now + millis, 0)[0].remaining
          if (remaining === capacityOf(limit)) continue
          // A window that was overdrawn under larger figures is empty until it ends.
          expect(resetAfterMillis).toBeGreaterThan(0)
          if (algorithm !== "fixed-window") expect(at(resetAfterMillis)).toBeGreaterThan(remaining)
          expect(at(resetAfterMillis - 1)).toBe(remaining)
        }
      }),
      runs
    )
  })

  it("keeps whole numbers alone, within what every database holds exactly", () => {
    FastCheck.assert(
      FastCheck.property(scenarios(algorithm), (scenario) => {
        let state: RateLimitState | null = null
        for (const { limit, now, cost } of chargesOf(scenario)) {
          state = charge(limit, state, now, cost)[1]
          for (const number of [state.at, state.used, state.carry]) {
            expect(Number.isSafeInteger(number) && number >= 0).toBe(true)
          }
        }
      }),
      runs
    )
  })
})

describe("the scenarios", () => {
  it.each(algorithms)("refuse and admit often enough to tell something of %s", (algorithm) => {
    let [admitted, refused] = [0, 0]
    for (const scenario of FastCheck.sample(scenarios(algorithm), 200)) {
      let state: RateLimitState | null = null
      for (const { limit, now, cost } of chargesOf(scenario)) {
        const [decision, after] = charge(limit, state, now, cost)
        state = after
        if (decision.allowed) admitted++
        else refused++
      }
    }
    expect(admitted).toBeGreaterThan(500)
    expect(refused).toBeGreaterThan(500)
  })
})
