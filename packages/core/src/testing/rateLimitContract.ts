import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import type { RateLimitAlgorithm } from "../domain/RateLimit.js"
import { assertAllSucceeded, assertSame, atOnce, type ContractTest, successes } from "./contract.js"
import { limitsOfGoodKeys } from "./patience.js"
import { charge, insertKeyId, remaining, slow } from "./rateLimitFixtures.js"
import { rateLimitStateContract } from "./rateLimitStateContract.js"

const algorithms: ReadonlyArray<RateLimitAlgorithm> = ["fixed-window", "sliding-window", "token-bucket"]

/** What limits admit, at whatever time. */
export const rateLimitContract = (test: ContractTest): void => {
  for (const algorithm of algorithms) describe(algorithm, () => algorithmCases(test, algorithm))
  describe("state", () => rateLimitStateContract(test))
}

const algorithmCases = (test: ContractTest, algorithm: RateLimitAlgorithm): void => {
  test("admits up to the limit, and shows it", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limit = slow({ algorithm, requests: 3 })
      for (const left of [2, 1, 0]) {
        const outcome = yield* charge(keyId, [limit])
        assert.isTrue(outcome.allowed)
        assert.strictEqual(outcome.retryAfterSeconds, 0)
        assert.strictEqual(outcome.limits[0]?.remaining, left)
      }
      const refused = yield* charge(keyId, [limit])
      assert.isFalse(refused.allowed)
      assert.isAtLeast(refused.retryAfterSeconds ?? 0, 1)
      assertSame({ ...refused.limits[0], ...limit }, refused.limits[0] ?? {})
    }))

  const shapes: ReadonlyArray<readonly [string, number]> = [
    ["one at a time", 1],
    ["by fives", 5],
    ["by fifties", 50]
  ]
  for (const [shape, size] of shapes) {
    test(`admits exactly 100 of 500 concurrent charges, ${shape}`, () =>
      Effect.gen(function* () {
        const store = yield* limitsOfGoodKeys
        const keyId = yield* insertKeyId
        const limits = [slow({ algorithm, requests: 100 })]
        const batch = Array.from({ length: size }, () => ({ keyId, limits, cost: 1 }))
        const results = yield* atOnce(Array.from({ length: 500 / size }, () => store.charge(batch)))
        assertAllSucceeded(results)
        const outcomes = successes(results).flat()
        assert.strictEqual(outcomes.length, 500)
        assert.strictEqual(outcomes.filter(({ allowed }) => allowed).length, 100)
        assert.deepStrictEqual(yield* remaining(keyId, limits), [0])
      }))
  }

  test("admits exactly what fits of concurrent charges of different costs", () =>
    Effect.gen(function* () {
      const store = yield* limitsOfGoodKeys
      const keyId = yield* insertKeyId
      const limits = [slow({ algorithm, requests: 100 })]
      const costs = Array.from({ length: 120 }, (_, i) => (i % 4) + 1)
      const results = yield* atOnce(costs.map((cost) => store.charge([{ keyId, limits, cost }])))
      assertAllSucceeded(results)
      const admitted = successes(results).map(([outcome]) => outcome?.allowed === true)
      const spent = costs.reduce((sum, cost, i) => sum + (admitted[i] ? cost : 0), 0)
      assert.strictEqual(spent, 100)
    }))

  test("counts what is far beyond 32 bits", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const most = 999_999_999_999_999
      // A bucket that gives back so many over the window would give back some while the test runs.
      const limit = slow(
        algorithm === "token-bucket" ? { algorithm, requests: 1, burst: most } : { algorithm, requests: most }
      )
      yield* charge(keyId, [limit], most - 1)
      assert.deepStrictEqual(yield* remaining(keyId, [limit]), [1])
      yield* charge(keyId, [limit], 1)
      assert.isFalse((yield* charge(keyId, [limit], 1)).allowed)
    }))
}
