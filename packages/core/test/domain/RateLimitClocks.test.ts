import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { capacityOf, type RateLimit } from "../../src/domain/RateLimit.js"
import { charge, isSpent, type RateLimitState } from "../../src/domain/RateLimitCharge.js"
import { leaseAll, refundAll } from "../../src/domain/RateLimitLease.js"
import { chargeAll } from "../../src/domain/RateLimitStatus.js"
import { refillMillis, windowAt } from "../../src/domain/RateLimitWindow.js"
import { after, algorithms, limitOf } from "./rateLimits.js"

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const noon = Date.UTC(2026, 4, 4, 12)

/** One limit as a store keeps it: what is not to be kept is not. */
const makeStore = (limit: RateLimit) => {
  let state: RateLimitState | null = null
  return {
    charge: (now: number, cost: number) => {
      const [outcome, kept] = chargeAll([limit], [state], now, cost)
      state = kept === null ? state : (kept[0] ?? null)
      return outcome
    },
    /** As a store forgets, with a margin of a day. */
    prune: (now: number) => {
      if (state !== null && isSpent(limit, state, now - day)) state = null
    },
    /** What is seen of it, without keeping anything. */
    look: (now: number, cost: number) => chargeAll([limit], [state], now, cost)[0]
  }
}

/** Calls once a second over 15 minutes, by a clock that is so far off, and says which were refused. */
const refusedOf900 = (limit: RateLimit, offset: (second: number) => number): ReadonlyArray<number> => {
  const store = makeStore(limit)
  const seconds = Array.from({ length: 900 }, (_, i) => i)
  return seconds.filter((i) => !store.charge(noon + i * second + offset(i), 1).allowed)
}

describe.each(algorithms)("%s, charged 900 times within its limit", (algorithm) => {
  const limit = limitOf(algorithm, 75)

  it.each([
    ["an hour", hour],
    ["400 days", 400 * day]
  ])("refuses for a window at most once a clock that was %s ahead is right again", (_, ahead) => {
    for (const until of [0, 30, 59, 70]) {
      const refused = refusedOf900(limit, (i) => (i <= until ? ahead : 0))
      expect(refused.length).toBeLessThanOrEqual(minute / second)
    }
  })

  it.each([3, 11, 61])("refuses none while the clock steps back and forth by %i seconds", (millis) => {
    for (const every of [1, 11, 20, 60]) {
      expect(refusedOf900(limit, (i) => (Math.floor(i / every) % 2) * millis * second)).toEqual([])
    }
  })

  it("refuses in windows of a second none of those that a clock of 11 seconds ahead refused for as long", () => {
    expect(refusedOf900(limitOf(algorithm, 3, "second"), (i) => (Math.floor(i / 11) % 2) * 11 * second)).toEqual([])
  })
})

interface Step {
  readonly cost: number
  readonly passes: number
  /** How far off the clock is from now on. */
  readonly offset: number
  readonly prunes: boolean
}

const offsets = FastCheck.oneof(
  { weight: 6, arbitrary: FastCheck.constant(0) },
  { weight: 3, arbitrary: FastCheck.integer({ min: -5000, max: 5000 }) },
  { weight: 3, arbitrary: FastCheck.constantFrom(11_000, -11_000, minute, -minute) },
  { weight: 2, arbitrary: FastCheck.constantFrom(hour, -hour, day - 1, 1 - day) },
  { weight: 1, arbitrary: FastCheck.constant(400 * day) }
)

const steps = FastCheck.array(
  FastCheck.record<Step>({
    cost: FastCheck.integer({ min: 0, max: 6 }),
    passes: FastCheck.oneof(FastCheck.integer({ min: 0, max: 3000 }), FastCheck.integer({ min: 0, max: 3 * minute })),
    offset: offsets,
    prunes: FastCheck.boolean()
  }),
  { minLength: 1, maxLength: 60 }
)

const limits = (algorithm: RateLimit["algorithm"]) =>
  FastCheck.record({
    requests: FastCheck.integer({ min: 1, max: 12 }),
    window: FastCheck.constantFrom("second" as const, 7, "minute" as const, "hour" as const, "day" as const),
    burst: FastCheck.integer({ min: 1, max: 20 })
  }).map(({ burst, requests, window }) => limitOf(algorithm, requests, window, burst))

describe.each(algorithms)("%s, under any clock", (algorithm) => {
  const runs = { numRuns: 300 }

  it("admits one limit more at most for each time that the clock is set", () => {
    FastCheck.assert(
      FastCheck.property(limits(algorithm), steps, (limit, drawn) => {
        const store = makeStore(limit)
        let [time, offset, sets, taken] = [noon, 0, 0, 0]
        for (const step of drawn) {
          time += step.passes
          if (step.offset !== offset) sets++
          offset = step.offset
          if (step.prunes) store.prune(time + offset)
          if (store.charge(time + offset, step.cost).allowed) taken += step.cost
        }
        const length = refillMillis(limit.window)
        const windows = (windowAt(limit.window, time).end - windowAt(limit.window, noon).start) / length
        const honest =
          algorithm === "token-bucket"
            ? capacityOf(limit) + Math.ceil(((time - noon) * limit.requests) / length)
            : windows * limit.requests
        expect(taken).toBeLessThanOrEqual(honest + sets * capacityOf(limit))
      }),
      runs
    )
  })

  it("says how long to wait, and after that admits, once the clock is right", () => {
    FastCheck.assert(
      FastCheck.property(limits(algorithm), steps, FastCheck.integer({ min: 1, max: 12 }), (limit, drawn, cost) => {
        const store = makeStore(limit)
        let time = noon
        for (const step of drawn) {
          time += step.passes
          if (step.prunes) store.prune(time + step.offset)
          const { allowed, retryAfterSeconds: wait } = store.charge(time + step.offset, step.cost)
          if (allowed || wait === null) continue
          // True under this clock, be it right or wrong, for as long as nobody sets it.
          expect(store.look(time + step.offset + wait * second, step.cost).allowed).toBe(true)
        }
        const { allowed, retryAfterSeconds } = store.charge(time, cost)
        if (allowed || retryAfterSeconds === null) {
          expect(allowed || cost > capacityOf(limit)).toBe(true)
          return
        }
        const length = refillMillis(limit.window)
        const longest = {
          "fixed-window": length,
          // As without any step: what was used at the beginning of a window is in sight until the end of the next.
          "sliding-window": 2 * length,
          "token-bucket": (length * cost) / limit.requests
        }[algorithm]
        expect((retryAfterSeconds - 1) * second).toBeLessThanOrEqual(longest + 5000)
        expect(store.charge(time + retryAfterSeconds * second, cost).allowed).toBe(true)
      }),
      runs
    )
  })

  it("is not forgotten by a clock that is wrong by less than a day while a right one needs it", () => {
    FastCheck.assert(
      FastCheck.property(
        limits(algorithm),
        FastCheck.integer({ min: 0, max: 3 * day }),
        FastCheck.integer({ min: 1 - day, max: day - 1 }),
        (limit, passed, wrong) => {
          const [kept, pruned] = [makeStore(limit), makeStore(limit)]
          for (const store of [kept, pruned]) store.charge(noon, capacityOf(limit))
          pruned.prune(noon + passed + wrong)
          for (const cost of [1, capacityOf(limit)]) {
            expect(pruned.look(noon + passed, cost)).toEqual(kept.look(noon + passed, cost))
          }
        }
      ),
      runs
    )
  })
})

describe("leases under a clock that was wrong", () => {
  it.each(algorithms)("%s: permits are taken of what is left by the clock as it is now", (algorithm) => {
    const limit = limitOf(algorithm, 320, "hour")
    const [lease, states] = leaseAll([limit], [after(limit, noon + day, 160)], noon, 100) ?? []
    expect(lease).toMatchObject({ permits: 10, grantedAt: noon })
    expect(charge(limit, states?.[0] ?? null, noon, 0)[0].remaining).toBe(150)
  })

  it.each(algorithms)("%s: what was taken under it comes back to its own window alone", (algorithm) => {
    const limit = limitOf(algorithm, 320)
    const wrong = after(limit, noon + hour, 160)
    const [lease, states] = leaseAll([limit], [wrong], noon + hour, 100) ?? []
    if (lease === undefined || states === undefined) return expect.unreachable()
    const [back] = refundAll([limit], states, noon, lease)
    expect(charge(limit, back ?? null, noon, 0)[0].remaining).toBe(150)
  })
})
