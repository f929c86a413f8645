import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { KeyId } from "../domain/Ids.js"
import type { RateLimit } from "../domain/RateLimit.js"
import { insertKey, insertOrganization, makeRateLimit } from "./fixtures.js"
import { limitsOfGoodKeys } from "./patience.js"

/** A limit whose window, of some 31 years, does not end while a test runs. */
export const slow = (fields: Partial<RateLimit> = {}): RateLimit =>
  makeRateLimit({
    window: 1_000_000_000,
    burst: fields.algorithm === "token-bucket" ? (fields.requests ?? 10) : null,
    ...fields
  })

/** A key that is in the store, of which nothing but its id matters. */
export const insertKeyId = Effect.gen(function* () {
  const { id } = yield* insertOrganization()
  return (yield* insertKey(id)).key.id
})

/** One charge of one key. */
export const charge = (keyId: KeyId, limits: ReadonlyArray<RateLimit>, cost = 1) =>
  Effect.gen(function* () {
    const store = yield* limitsOfGoodKeys
    const [outcome, ...others] = yield* store.charge([{ keyId, limits, cost }])
    if (outcome === undefined || others.length > 0) return assert.fail("one charge has one outcome")
    return outcome
  })

/** What is left of each limit. */
export const remaining = (keyId: KeyId, limits: ReadonlyArray<RateLimit>) =>
  Effect.map(charge(keyId, limits, 0), (outcome) => outcome.limits.map((limit) => limit.remaining))
