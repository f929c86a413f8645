import { assert } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import type { KeyId } from "../domain/Ids.js"
import { type RateLimit, RateLimitAlgorithm } from "../domain/RateLimit.js"
import type { RateLimitState } from "../domain/RateLimitCharge.js"
import { chargeAll } from "../domain/RateLimitStatus.js"
import type { ContractProperty, ContractTest } from "./contract.js"
import { fixtureTime, makeRateLimit } from "./fixtures.js"
import { limitsOfGoodKeys } from "./patience.js"
import { charge, insertKeyId } from "./rateLimitFixtures.js"
import type { SettableClock } from "./settableClock.js"

const day = 86_400_000

const requests = FastCheck.integer({ min: 1, max: 12 })

const rateLimit: FastCheck.Arbitrary<RateLimit> = FastCheck.record({
  name: FastCheck.constantFrom("a", "b", "c"),
  algorithm: FastCheck.constantFrom(...RateLimitAlgorithm.literals),
  requests,
  window: FastCheck.constantFrom("second" as const, "minute" as const, "day" as const, "month" as const, 7),
  burst: FastCheck.option(requests)
}).map((limit) => ({ ...limit, burst: limit.algorithm === "token-bucket" ? (limit.burst ?? limit.requests) : null }))

const step = FastCheck.record({
  cost: FastCheck.oneof(
    { weight: 6, arbitrary: FastCheck.integer({ min: 0, max: 4 }) },
    { weight: 1, arbitrary: FastCheck.integer({ min: 5, max: 15 }) }
  ),
  millis: FastCheck.oneof(
    FastCheck.constantFrom(0, 1, 999, 1000, 7000, 60_000, 86_400_000),
    FastCheck.integer({ min: -5000, max: 90_000 }),
    FastCheck.integer({ min: -86_400_000, max: 40 * 86_400_000 }),
    FastCheck.constantFrom(-5000, -5001, 11_000, -11_000, 3_600_000, -3_600_000, 400 * day, -400 * day)
  ),
  batch: FastCheck.integer({ min: 1, max: 3 })
})

const history = FastCheck.record({
  limits: FastCheck.uniqueArray(rateLimit, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
  steps: FastCheck.array(step, { minLength: 1, maxLength: 25 })
})

const shown = (limit: RateLimit, cost: number, keyId: KeyId) =>
  Effect.map(charge(keyId, [limit], cost), ({ allowed, limits, retryAfterSeconds }) => [
    allowed,
    limits[0]?.remaining,
    retryAfterSeconds
  ])

/** What limits admit as time passes. */
export const rateLimitTimeContract = (
  test: ContractTest,
  property: ContractProperty,
  { adjust, set }: SettableClock
): void => {
  property("decides as the pure algorithm does, whatever the time, also where the clock is set", history, 60, (drawn) =>
    Effect.gen(function* () {
      const { limits, steps } = drawn
      const store = yield* limitsOfGoodKeys
      const keyId = yield* insertKeyId
      let states: ReadonlyArray<RateLimitState | null> = limits.map(() => null)
      let now = fixtureTime
      for (const { batch, cost, millis } of steps) {
        now += millis
        set(now)
        const charges = Array.from({ length: batch }, () => ({ keyId, limits, cost }))
        const expected = charges.map(() => {
          const [outcome, after] = chargeAll(limits, states, now, cost)
          states = after ?? states
          return outcome
        })
        assert.deepStrictEqual(yield* store.charge(charges), expected)
      }
    })
  )

  test("opens a fixed window again at its very end", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limit = makeRateLimit({ requests: 2 })
      const minute = Math.floor(fixtureTime / 60_000) * 60_000
      set(minute + 59_000)
      assert.deepStrictEqual(yield* shown(limit, 2, keyId), [true, 0, 0])
      assert.deepStrictEqual(yield* shown(limit, 1, keyId), [false, 0, 1])
      set(minute + 59_999)
      assert.deepStrictEqual(yield* shown(limit, 1, keyId), [false, 0, 1])
      adjust(1)
      assert.deepStrictEqual(yield* shown(limit, 1, keyId), [true, 1, 0])
      set(minute)
      assert.deepStrictEqual(yield* shown(limit, 1, keyId), [true, 0, 0])
    }))

  test("refills a token bucket evenly", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limit = makeRateLimit({ algorithm: "token-bucket", requests: 60, burst: 3 })
      set(fixtureTime)
      assert.deepStrictEqual(yield* shown(limit, 3, keyId), [true, 0, 0])
      adjust(999)
      assert.deepStrictEqual(yield* shown(limit, 1, keyId), [false, 0, 1])
      adjust(1)
      assert.deepStrictEqual(yield* shown(limit, 1, keyId), [true, 0, 0])
      adjust(10_000)
      assert.deepStrictEqual(yield* shown(limit, 0, keyId), [true, 3, 0])
    }))
}
