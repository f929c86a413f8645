import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { KeyId } from "../domain/Ids.js"
import type { RateLimit } from "../domain/RateLimit.js"
import { KeyStore } from "../ports/KeyStore.js"
import type { Admission, AdmissionOutcome } from "../ports/RateLimitStore.js"
import { assertAllSucceeded, atOnce, type ContractTest, successes } from "./contract.js"
import { fixtureTime, instant } from "./fixtures.js"
import { limitsOfGoodKeys, recordPatiently } from "./patience.js"
import { insertKeyId, remaining, slow } from "./rateLimitFixtures.js"

const call = (keyId: KeyId, limits: ReadonlyArray<RateLimit> = [], fields: Partial<Admission> = {}): Admission => ({
  keyId,
  limits,
  cost: 1,
  usedAt: instant(fixtureTime),
  ...fields
})

const admit = (...admissions: ReadonlyArray<Admission>) =>
  Effect.flatMap(limitsOfGoodKeys, (store) => store.admit(admissions))

const shown = ({ outcome, usage }: AdmissionOutcome) => [
  outcome.allowed,
  outcome.limits[0]?.remaining ?? null,
  usage?.useCount ?? null
]

const stored = (keyId: KeyId) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const { lastUsedAt, useCount } = Option.getOrThrow(yield* keys.find(keyId))
    return [useCount, lastUsedAt?.epochMillis ?? null]
  })

/** How charges and uses are committed together. */
export const admissionContract = (test: ContractTest): void => {
  test("charges, and counts what it allows, each call with its own total", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limits = [slow({ requests: 2 })]
      const outcomes = yield* admit(
        call(keyId, limits),
        call(keyId, limits, { usedAt: instant(fixtureTime + 5) }),
        call(keyId, limits, { usedAt: instant(fixtureTime + 9) })
      )
      assert.deepStrictEqual(outcomes.map(shown), [
        [true, 1, 1],
        [true, 0, 2],
        [false, 0, null]
      ])
      assert.isAtLeast(outcomes[2]?.outcome.retryAfterSeconds ?? 0, 1)
      assert.deepStrictEqual(yield* stored(keyId), [2, fixtureTime + 5])
      assert.deepStrictEqual(yield* remaining(keyId, limits), [0])
    }))

  test("lets in what has no limit, and counts no use where none is to be counted", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* insertKeyId, yield* insertKeyId]
      const limits = [slow({ requests: 5 })]
      const outcomes = yield* admit(
        call(one),
        call(other, limits, { usedAt: null, cost: 3 }),
        call(one, [], { cost: 0 }),
        call(other, limits, { usedAt: null, cost: 0 })
      )
      assert.deepStrictEqual(outcomes.map(shown), [
        [true, null, 1],
        [true, 2, null],
        [true, null, 2],
        [true, 2, null]
      ])
      assert.deepStrictEqual(outcomes[0]?.outcome, { allowed: true, retryAfterSeconds: 0, limits: [] })
      assert.deepStrictEqual(yield* stored(one), [2, fixtureTime])
      assert.deepStrictEqual(yield* stored(other), [0, null])
      assert.deepStrictEqual(yield* admit(), [])
    }))

  test("never lets the last use go back, and adds to what was recorded before", () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const uses = [{ keyId, count: 2 ** 40, lastUsedAt: instant(fixtureTime) }]
      yield* recordPatiently({ writer: crypto.randomUUID(), number: 1, uses })
      const [outcome] = yield* admit(call(keyId, [], { usedAt: instant(fixtureTime - 5) }))
      assert.strictEqual(outcome?.usage?.useCount, 2 ** 40 + 1)
      assert.deepStrictEqual(yield* stored(keyId), [2 ** 40 + 1, fixtureTime])
    }))

  test("admits exactly the limit of many at once, and counts exactly these, beside charges and batches of uses", () =>
    Effect.gen(function* () {
      const store = yield* limitsOfGoodKeys
      const [keyId, other] = [yield* insertKeyId, yield* insertKeyId]
      const limits = [slow({ requests: 150 }), slow({ name: "wide", requests: 1000, algorithm: "token-bucket" })]
      const admissions = Array.from({ length: 100 }, (_, i) =>
        admit(...[call(keyId, limits), call(other), call(keyId, limits)].slice(0, 1 + (i % 3)))
      )
      const charges = Array.from({ length: 50 }, () => store.charge([{ keyId, limits, cost: 1 }]))
      const batches = Array.from({ length: 30 }, () =>
        recordPatiently({
          writer: crypto.randomUUID(),
          number: 1,
          uses: [other, keyId].map((id) => ({ keyId: id, count: 1, lastUsedAt: instant(fixtureTime) }))
        })
      )
      const [admitted, charged, recorded] = yield* Effect.all([atOnce(admissions), atOnce(charges), atOnce(batches)], {
        concurrency: "unbounded"
      })
      assertAllSucceeded([...admitted, ...charged, ...recorded])
      const allowed = successes(charged).filter(([outcome]) => outcome?.allowed === true).length
      const counted = successes(admitted)
        .flat()
        .filter(({ outcome, usage }) => outcome.limits.length > 0 && usage !== null).length
      assert.strictEqual(allowed + counted, 150)
      assert.deepStrictEqual(yield* remaining(keyId, limits), [0, 850])
      assert.strictEqual((yield* stored(keyId))[0], counted + 30)
      assert.strictEqual((yield* stored(other))[0], 66 + 30)
    }))
}
