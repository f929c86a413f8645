import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { assertAllSucceeded, atOnce, type ContractTest, successes } from "./contract.js"
import {
  absent,
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  instant,
  keyFilter,
  makeRateLimit
} from "./fixtures.js"
import { patientLimits, recordPatiently } from "./patience.js"
import { remaining } from "./rateLimitFixtures.js"

/** What is left of a key when it is deleted: nothing. */
export const keyDeletionContract = (test: ContractTest): void => {
  test("deletes a key that was charged, used and revoked, and says whether there was one", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { organization, product, project } = yield* insertLinked
      const { digest, key } = yield* insertKey(organization.id, { projectId: project.id, productId: product.id })
      const kept = yield* insertKey(organization.id)
      const limits = yield* patientLimits
      yield* limits.charge([{ keyId: key.id, limits: [makeRateLimit(), makeRateLimit({ name: "b" })], cost: 1 }])
      const uses = [{ keyId: key.id, count: 3, lastUsedAt: instant(fixtureTime) }]
      yield* recordPatiently({ writer: crypto.randomUUID(), number: 1, uses })
      yield* keys.revoke(key.id, { at: instant(fixtureTime), reason: null })

      assert.isTrue(yield* keys.delete(key.id))
      assert.isFalse(yield* keys.delete(key.id))
      assert.isTrue(Option.isNone(yield* keys.find(key.id)))
      const found = yield* keys.findByDigests([digest.bytes, kept.digest.bytes])
      assert.deepStrictEqual(found.map(Option.isSome), [false, true])
      const listed = yield* keys.list(keyFilter({ organizationId: organization.id }), { after: null, take: 10 })
      assert.deepStrictEqual(
        listed.map(({ id }) => id),
        [kept.key.id]
      )
    }))

  test("says that there was none", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      assert.isFalse(yield* keys.delete(absent.key()))
    }))

  test("drops what is charged and recorded after it, and starts afresh under the same id", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const limits = yield* patientLimits
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const limit = makeRateLimit({ window: 1_000_000_000 })
      const charge = (cost: number) => limits.charge([{ keyId: key.id, limits: [limit], cost }])
      yield* charge(3)
      yield* keys.delete(key.id)
      assert.deepStrictEqual(yield* charge(4), [{ _tag: "Ended", ending: { status: "deleted", at: null } }])
      const uses = [{ keyId: key.id, count: 3, lastUsedAt: instant(fixtureTime) }]
      assert.strictEqual((yield* recordPatiently({ writer: crypto.randomUUID(), number: 1, uses })).size, 0)
      yield* keys.update(key.id, { name: "Late" }, instant(fixtureTime))
      yield* keys.revoke(key.id, { at: instant(fixtureTime), reason: "late" })
      assert.isTrue(Option.isNone(yield* keys.find(key.id)))

      yield* insertKey(id, { id: key.id })
      const again = Option.getOrThrow(yield* keys.find(key.id))
      assert.deepStrictEqual([again.useCount, again.lastUsedAt, again.revokedAt], [0, null, null])
      assert.deepStrictEqual(yield* remaining(key.id, [limit]), [10])
    }))

  test("deletes once, also of 20 concurrent deletions amid charges and uses", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const limits = yield* patientLimits
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const uses = [{ keyId: key.id, count: 1, lastUsedAt: instant(fixtureTime) }]
      const rounds = Array.from({ length: 20 }, () => [
        Effect.as(limits.charge([{ keyId: key.id, limits: [makeRateLimit()], cost: 1 }]), false),
        Effect.as(recordPatiently({ writer: crypto.randomUUID(), number: 1, uses }), false),
        keys.delete(key.id)
      ])
      const results = yield* atOnce(rounds.flat())
      assertAllSucceeded(results)
      assert.strictEqual(successes(results).filter(Boolean).length, 1)
      assert.isTrue(Option.isNone(yield* keys.find(key.id)))
    }))
}
