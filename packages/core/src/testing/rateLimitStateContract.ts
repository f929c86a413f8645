import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { RateLimitStore } from "../ports/RateLimitStore.js"
import { assertAllSucceeded, atOnce, type ContractTest } from "./contract.js"
import { absent } from "./fixtures.js"
import { limitsOfGoodKeys } from "./patience.js"
import { charge, insertKeyId, remaining, slow } from "./rateLimitFixtures.js"

/** What limits remember, and for whom. */
export const rateLimitStateContract = (test: ContractTest): void => {
  stateCases(test)
  batchCases(test)
}

const stateCases = (test: ContractTest): void => {
  test("charges all limits together or none of them", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limits = [
        slow({ name: "wide", requests: 10 }),
        slow({ name: "narrow", requests: 2, algorithm: "sliding-window" }),
        slow({ name: "bucket", requests: 5, algorithm: "token-bucket" })
      ]
      assert.isTrue((yield* charge(keyId, limits)).allowed)
      assert.isTrue((yield* charge(keyId, limits)).allowed)
      const refused = yield* charge(keyId, limits)
      assert.isFalse(refused.allowed)
      assert.deepStrictEqual(
        refused.limits.map((limit) => [limit.name, limit.remaining]),
        [
          ["wide", 8],
          ["narrow", 0],
          ["bucket", 3]
        ]
      )
      assert.deepStrictEqual(yield* remaining(keyId, limits), [8, 0, 3])
      assert.deepStrictEqual(yield* remaining(keyId, [...limits].reverse()), [3, 0, 8])
    }))

  test("takes nothing for a cost of 0, and nothing for a refusal", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limit = slow({ requests: 2 })
      for (let i = 0; i < 5; i++) assert.isTrue((yield* charge(keyId, [limit], 0)).allowed)
      for (let i = 0; i < 5; i++) assert.isFalse((yield* charge(keyId, [limit], 3)).allowed)
      assert.strictEqual((yield* charge(keyId, [limit], 3)).retryAfterSeconds, null)
      assert.deepStrictEqual(yield* remaining(keyId, [limit]), [2])
      assert.isTrue((yield* charge(keyId, [limit], 2)).allowed)
      assert.isTrue((yield* charge(keyId, [limit], 0)).allowed)
    }))

  test("counts each key and each name for itself, names compared exactly", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* insertKeyId, yield* insertKeyId]
      const names = ["limit", "Limit", "LIMIT", "limit.", "limit-", "limit_"]
      for (const [i, name] of names.entries()) yield* charge(one, [slow({ name })], i + 1)
      const limits = names.map((name) => slow({ name }))
      assert.deepStrictEqual(yield* remaining(one, limits), [9, 8, 7, 6, 5, 4])
      assert.deepStrictEqual(yield* remaining(other, limits), [10, 10, 10, 10, 10, 10])
    }))

  test("takes a state of another algorithm or window under the same name for none, and one of other numbers on", () =>
    Effect.gen(function* () {
      const limit = slow({ name: "limit" })
      for (const other of [
        slow({ name: "limit", algorithm: "sliding-window" }),
        slow({ name: "limit", algorithm: "token-bucket" }),
        slow({ name: "limit", window: 999_999_999 })
      ]) {
        const keyId = yield* insertKeyId
        yield* charge(keyId, [limit], 4)
        assert.deepStrictEqual(yield* remaining(keyId, [other]), [10])
        assert.deepStrictEqual(yield* remaining(keyId, [limit]), [6])
        yield* charge(keyId, [other], 1)
        assert.deepStrictEqual(yield* remaining(keyId, [other]), [9])
        assert.deepStrictEqual(yield* remaining(keyId, [limit]), [10])
      }
      const keyId = yield* insertKeyId
      yield* charge(keyId, [limit], 4)
      assert.deepStrictEqual(yield* remaining(keyId, [{ ...limit, requests: 7 }]), [3])
    }))

  test("resets all limits of a key, and of that key alone", () =>
    Effect.gen(function* () {
      const store = yield* RateLimitStore
      const [one, other] = [yield* insertKeyId, yield* insertKeyId]
      const limits = [slow({ name: "a" }), slow({ name: "b", algorithm: "token-bucket" })]
      yield* charge(one, limits, 10)
      yield* charge(other, limits, 10)
      yield* store.reset(one)
      yield* store.reset(absent.key())
      assert.deepStrictEqual(yield* remaining(one, limits), [10, 10])
      assert.deepStrictEqual(yield* remaining(other, limits), [0, 0])
      yield* store.reset(one)
      assert.isTrue((yield* charge(one, limits, 10)).allowed)
    }))
}

const batchCases = (test: ContractTest): void => {
  test("charges a batch in order, each on its own, and answers in that order", () =>
    Effect.gen(function* () {
      const store = yield* limitsOfGoodKeys
      const [one, other] = [yield* insertKeyId, yield* insertKeyId]
      const limits = [slow({ requests: 3 })]
      const outcomes = yield* store.charge([
        { keyId: one, limits, cost: 2 },
        { keyId: other, limits: [slow({ requests: 5, algorithm: "token-bucket" })], cost: 5 },
        { keyId: one, limits, cost: 2 },
        { keyId: one, limits, cost: 1 },
        { keyId: one, limits, cost: 0 }
      ])
      assert.deepStrictEqual(
        outcomes.map(({ allowed, limits }) => [allowed, limits[0]?.remaining]),
        [
          [true, 1],
          [true, 0],
          [false, 1],
          [true, 0],
          [true, 0]
        ]
      )
      assert.deepStrictEqual(yield* store.charge([]), [])
    }))

  test("takes concurrent batches over the same keys in any order", () =>
    Effect.gen(function* () {
      const store = yield* limitsOfGoodKeys
      const keyIds = yield* Effect.forEach(Array.from({ length: 10 }), () => insertKeyId)
      const limits = [slow({ name: "a", requests: 15 }), slow({ name: "b", requests: 100, algorithm: "token-bucket" })]
      const batches = Array.from({ length: 30 }, (_, i) => {
        const turned = [...keyIds.slice(i % 10), ...keyIds.slice(0, i % 10)]
        const named = i % 3 === 0 ? [...limits].reverse() : limits
        return (i % 2 === 0 ? turned : turned.reverse()).map((keyId) => ({ keyId, limits: named, cost: 1 }))
      })
      const results = yield* atOnce(batches.map((batch) => store.charge(batch)))
      assertAllSucceeded(results)
      for (const keyId of keyIds) assert.deepStrictEqual(yield* remaining(keyId, limits), [0, 85])
    }))
}
