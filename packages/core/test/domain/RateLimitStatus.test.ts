import { FastCheck, Schema } from "effect"
import { describe, expect, it } from "vitest"
import type { RateLimit } from "../../src/domain/RateLimit.js"
import { anchored, charge, isAhead, type RateLimitState } from "../../src/domain/RateLimitCharge.js"
import { chargeAll, RateLimitStatus } from "../../src/domain/RateLimitStatus.js"
import { algorithms, chargesOf, limitOf, scenarios } from "./rateLimits.js"

const named = (name: string, limit: RateLimit): RateLimit => ({ ...limit, name })
const perMinute = named("minute", limitOf("fixed-window", 2, "minute"))
const perHour = named("hour", limitOf("fixed-window", 5, "hour"))
const bucket = named("bucket", limitOf("token-bucket", 60, "minute", 3))

/** Charges over and over, keeping states as a store does. */
const store = (limits: ReadonlyArray<RateLimit>) => {
  let states: ReadonlyArray<RateLimitState | null> = limits.map(() => null)
  return {
    charge: (now: number, cost: number) => {
      const [outcome, kept] = chargeAll(limits, states, now, cost)
      states = kept ?? states
      return { ...outcome, kept }
    },
    states: () => states
  }
}

describe("a charge of all limits", () => {
  it("takes from each of them, and shows them in their order", () => {
    const { charge } = store([perMinute, bucket])
    const outcome = charge(15_000, 2)
    expect(outcome).toMatchObject({ allowed: true, retryAfterSeconds: 0 })
    expect(outcome.limits).toEqual([
      { ...perMinute, windowSeconds: 60, remaining: 0, resetAfterSeconds: 45, retryAfterSeconds: 0 },
      { ...bucket, windowSeconds: 60, remaining: 1, resetAfterSeconds: 1, retryAfterSeconds: 0 }
    ])
  })

  it("takes from none of them where one refuses", () => {
    const { charge, states } = store([bucket, perMinute])
    charge(0, 2)
    const before = states()
    const refused = charge(0, 1)
    expect(refused).toMatchObject({ allowed: false, kept: null })
    expect(states()).toBe(before)
    expect(refused.limits.map(({ name, remaining }) => [name, remaining])).toEqual([
      ["bucket", 1],
      ["minute", 0]
    ])
  })

  it("shows of a refused charge which limits refused it, and the others as they stand uncharged", () => {
    const { charge } = store([perHour, perMinute])
    charge(0, 2)
    expect(charge(10_000, 1).limits).toEqual([
      { ...perHour, windowSeconds: 3600, remaining: 3, resetAfterSeconds: 3590, retryAfterSeconds: 0 },
      { ...perMinute, windowSeconds: 60, remaining: 0, resetAfterSeconds: 50, retryAfterSeconds: 50 }
    ])
  })

  it("tells the longest wait of those that refuse", () => {
    const limits = [named("hour", limitOf("fixed-window", 2, "hour")), perMinute, bucket]
    for (const order of [limits, [...limits].reverse()]) {
      const { charge } = store(order)
      charge(0, 2)
      expect(charge(600_000 - 1, 2).retryAfterSeconds).toBe(3001)
    }
  })

  it("tells null where one could never admit, however short the others' waits", () => {
    for (const limits of [
      [perMinute, perHour],
      [perHour, perMinute]
    ]) {
      const { charge } = store(limits)
      charge(0, 1)
      const outcome = charge(0, 3)
      expect(outcome).toMatchObject({ allowed: false, retryAfterSeconds: null })
      expect(Object.fromEntries(outcome.limits.map((limit) => [limit.name, limit.retryAfterSeconds]))).toEqual({
        minute: null,
        hour: 0
      })
    }
  })

  it("keeps nothing of a cost of 0, which succeeds even when all is used", () => {
    const { charge } = store([perMinute, perHour])
    expect(charge(0, 0)).toMatchObject({ allowed: true, retryAfterSeconds: 0, kept: null })
    charge(0, 2)
    const look = charge(0, 0)
    expect(look).toMatchObject({ allowed: true, retryAfterSeconds: 0, kept: null })
    expect(look.limits.map(({ remaining }) => remaining)).toEqual([0, 3])
  })

  it("allows everything where there is no limit", () => {
    expect(chargeAll([], [], 0, 1_000_000)).toEqual([{ allowed: true, retryAfterSeconds: 0, limits: [] }, []])
  })

  it("is all or nothing, and agrees with each limit alone, for any limits and calls", () => {
    const several = FastCheck.tuple(...algorithms.map((algorithm) => scenarios(algorithm, { mayChange: false })))
    FastCheck.assert(
      FastCheck.property(several, (all) => {
        const limits = all.map(({ limit }, i) => named(`limit-${i}`, limit))
        let states: ReadonlyArray<RateLimitState | null> = limits.map(() => null)
        for (const { now, cost } of all.flatMap(chargesOf)) {
          const alone = limits.map((limit, i) => charge(limit, states[i] ?? null, now, cost))
          const [outcome, kept] = chargeAll(limits, states, now, cost)
          expect(outcome.allowed).toBe(alone.every(([decision]) => decision.allowed))
          const moved = states.some((state) => state !== null && isAhead(state, now))
          const unpaid = moved ? limits.map((limit, i) => states[i] && anchored(limit, states[i], now)) : null
          expect(kept).toEqual(outcome.allowed && cost > 0 ? alone.map(([, state]) => state) : unpaid)
          const shown = limits.map((limit, i) => charge(limit, (kept ?? states)[i] ?? null, now, 0)[0].remaining)
          expect(outcome.limits.map(({ remaining }) => remaining)).toEqual(shown)
          const waits = outcome.limits.map(({ retryAfterSeconds }) => retryAfterSeconds)
          expect(outcome.retryAfterSeconds).toBe(waits.includes(null) ? null : Math.max(...(waits as Array<number>)))
          expect(waits.map((wait) => wait === 0)).toEqual(
            alone.map(([decision]) => outcome.allowed || decision.allowed)
          )
          states = kept ?? states
        }
      }),
      { numRuns: 30 }
    )
  })
})

describe("the seconds that are told", () => {
  it("are rounded up, at least 1 where a call is refused: waiting them suffices", () => {
    const one = named("one", limitOf("fixed-window", 1, "minute"))
    for (const [now, seconds] of [
      [0, 60],
      [1, 60],
      [58_999, 2],
      [59_000, 1],
      [59_001, 1],
      [59_999, 1]
    ] as const) {
      const { charge } = store([one])
      charge(0, 1)
      const refused = charge(now, 1)
      expect(refused.retryAfterSeconds, `${now}`).toBe(seconds)
      expect(refused.limits[0]).toMatchObject({ retryAfterSeconds: seconds, resetAfterSeconds: seconds })
      expect(charge(now + seconds * 1000, 1).allowed).toBe(true)
    }
  })

  it("are no more than a second too many", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.constantFrom(...algorithms).chain((algorithm) => scenarios(algorithm)),
        (scenario) => {
          let state: RateLimitState | null = null
          for (const { limit, now, cost } of chargesOf(scenario)) {
            const [decision, kept]: ReturnType<typeof charge> = charge(limit, state, now, cost)
            const [{ retryAfterSeconds }] = chargeAll([limit], [state], now, cost)
            const millis = decision.retryAfterMillis
            state = kept
            if (millis === null || retryAfterSeconds === null) expect(retryAfterSeconds).toBe(millis)
            else if (millis === 0) expect(retryAfterSeconds).toBe(0)
            else {
              expect(retryAfterSeconds * 1000).toBeGreaterThanOrEqual(millis)
              expect((retryAfterSeconds - 1) * 1000).toBeLessThan(millis)
            }
          }
        }
      )
    )
  })

  it("of a window are its length: a month's own, and 30 days for a bucket of a month", () => {
    const february = Date.parse("2024-02-10T00:00:00Z")
    const monthly = algorithms.map((algorithm) => limitOf(algorithm, 10, "month"))
    const [outcome] = chargeAll(monthly, [null, null, null], february, 1)
    expect(outcome.limits.map(({ windowSeconds }) => windowSeconds / 86_400)).toEqual([29, 29, 30])
    const [short] = chargeAll([limitOf("fixed-window", 10, 90)], [null], february, 1)
    expect(short.limits[0]?.windowSeconds).toBe(90)
  })

  it("are data that a schema takes", () => {
    const [outcome] = chargeAll([perMinute, bucket], [null, null], 0, 3)
    for (const status of outcome.limits) expect(Schema.is(RateLimitStatus)(status)).toBe(true)
  })
})
