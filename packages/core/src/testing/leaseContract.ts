import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { RateLimitAlgorithm } from "../domain/RateLimit.js"
import type { RateLimitLease } from "../domain/RateLimitLease.js"
import type { LeaseRequest } from "../ports/RateLimitStore.js"
import { assertAllSucceeded, atOnce, type ContractTest, successes } from "./contract.js"
import { absent } from "./fixtures.js"
import { limitsOfGoodKeys } from "./patience.js"
import { insertKeyId, remaining, slow } from "./rateLimitFixtures.js"

const lease = (...requests: ReadonlyArray<LeaseRequest>) =>
  Effect.flatMap(limitsOfGoodKeys, (store) => store.lease(requests))

/** How permits are taken ahead, and given back. */
export const leaseContract = (test: ContractTest): void => {
  test("charges, takes permits ahead of all limits, and gives them back", () =>
    Effect.gen(function* () {
      const store = yield* limitsOfGoodKeys
      const [keyId, other] = [yield* insertKeyId, yield* insertKeyId]
      const limits = [slow({ name: "wide", requests: 1000 }), slow({ name: "narrow", requests: 321 })]
      const [one, none] = yield* lease(
        { keyId, limits, cost: 1, ahead: 100, refund: null },
        { keyId: other, limits, cost: 1, ahead: 0, refund: null }
      )
      assert.strictEqual(one?.lease?.permits, 20)
      assert.deepStrictEqual(
        one?.outcome.limits.map((limit) => limit.remaining),
        [979, 300]
      )
      assert.deepStrictEqual([none?.outcome.allowed, none?.lease], [true, null])
      assert.deepStrictEqual(yield* remaining(keyId, limits), [979, 300])
      assert.deepStrictEqual(yield* remaining(other, limits), [999, 320])
      if (one?.lease !== null && one?.lease !== undefined) {
        yield* store.refund([{ keyId, limits, lease: { ...one.lease, permits: 15 } }])
      }
      assert.deepStrictEqual(yield* remaining(keyId, limits), [994, 315])
      yield* store.refund([])
      assert.deepStrictEqual(yield* store.lease([]), [])
    }))

  test("gives back before it charges, so that nobody is refused for what the same key gives back", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limits = [slow({ requests: 100 })]
      const [first] = yield* lease({ keyId, limits, cost: 4, ahead: 6, refund: null })
      const left = { ...(first?.lease as RateLimitLease), permits: 5 }
      const request = { keyId, limits, cost: 95, ahead: 6 }
      const [refused] = yield* lease({ ...request, refund: null })
      assert.deepStrictEqual([refused?.outcome.allowed, refused?.outcome.limits[0]?.remaining], [false, 90])
      const [admitted] = yield* lease({ ...request, refund: { keyId, limits, lease: left } })
      assert.deepStrictEqual([admitted?.outcome.allowed, admitted?.outcome.limits[0]?.remaining], [true, 0])
      const [, after] = yield* lease(
        { keyId, limits, cost: 0, ahead: 0, refund: { keyId, limits, lease: { ...left, permits: 2 } } },
        { keyId, limits, cost: 3, ahead: 0, refund: null }
      )
      assert.deepStrictEqual([after?.outcome.allowed, after?.outcome.limits[0]?.remaining], [false, 2])
    }))

  test("takes permits for calls to come without a charge, of counters that are there alone", () =>
    Effect.gen(function* () {
      const store = yield* limitsOfGoodKeys
      const [keyId, other] = [yield* insertKeyId, yield* insertKeyId]
      const limits = [slow({ requests: 160 })]
      yield* store.charge([{ keyId, limits, cost: 16 }])
      const [taken, none, changed] = yield* lease(
        { keyId, limits, cost: 0, ahead: 100, refund: null },
        { keyId: other, limits, cost: 0, ahead: 100, refund: null },
        // The counter is one of another algorithm by now: one that is out of date must not begin it anew.
        { keyId, limits: [slow({ requests: 160, algorithm: "sliding-window" })], cost: 0, ahead: 100, refund: null }
      )
      assert.deepStrictEqual([taken?.lease?.permits, none?.lease, changed?.lease], [9, null, null])
      assert.deepStrictEqual(yield* remaining(keyId, limits), [135])
      assert.deepStrictEqual(yield* remaining(other, limits), [160])
    }))

  test("takes nothing ahead of what is refused, and of what is all but exhausted", () =>
    Effect.gen(function* () {
      const store = yield* limitsOfGoodKeys
      const [keyId, gone] = [yield* insertKeyId, absent.key()]
      const limits = [slow({ requests: 16 })]
      const outcomes = yield* lease(
        { keyId, limits, cost: 1, ahead: 5, refund: null },
        { keyId, limits, cost: 16, ahead: 5, refund: null }
      )
      assert.deepStrictEqual(
        outcomes.map(({ lease, outcome }) => [outcome.allowed, lease]),
        [
          [true, null],
          [false, null]
        ]
      )
      yield* store.refund([{ keyId: gone, limits, lease: { permits: 5, grantedAt: Date.now(), lifetimeMillis: 250 } }])
      assert.deepStrictEqual(yield* remaining(keyId, limits), [15])
    }))

  for (const algorithm of RateLimitAlgorithm.literals) {
    test(`never gives out more than the limit, of many leases and charges at once: ${algorithm}`, () =>
      Effect.gen(function* () {
        const store = yield* limitsOfGoodKeys
        const keyId = yield* insertKeyId
        const limits = [slow({ algorithm, requests: 500 })]
        const leases = Array.from({ length: 100 }, (_, i) =>
          lease({ keyId, limits, cost: 1, ahead: 1 + (i % 20), refund: null })
        )
        const charges = Array.from({ length: 50 }, () => store.charge([{ keyId, limits, cost: 2 }]))
        const [leased, charged] = yield* Effect.all([atOnce(leases), atOnce(charges)], { concurrency: "unbounded" })
        assertAllSucceeded([...leased, ...charged])
        const taken = successes(leased)
          .flat()
          .reduce((sum, { lease, outcome }) => sum + (outcome.allowed ? 1 : 0) + (lease?.permits ?? 0), 0)
        const paid = successes(charged).filter(([outcome]) => outcome?.allowed === true).length * 2
        const [left = 0] = yield* remaining(keyId, limits)
        // A bucket that was full loses a little more, so that it is not full again while permits are out.
        assert.isAtMost(taken + paid + left, 500)
        assert.isAtLeast(taken + paid + left, 490)
      }))
  }
}
