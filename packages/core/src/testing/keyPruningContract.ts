import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { OrganizationId } from "../domain/Ids.js"
import { KeyStore, type Pruning } from "../ports/KeyStore.js"
import { assertAllSucceeded, atOnce, type ContractTest, successes } from "./contract.js"
import {
  absent,
  fixtureTime,
  insertKey,
  insertOrganization,
  instant,
  type KeyFields,
  keyFilter,
  makeRateLimit
} from "./fixtures.js"
import { limitsOfGoodKeys, patientLimits, recordPatiently } from "./patience.js"

const now = instant(fixtureTime)
const before = instant(fixtureTime - 1)

const pruning = (organizationId: OrganizationId, fields: Partial<Pruning>): Pruning => ({
  organizationId,
  revokedBefore: null,
  expiredBefore: null,
  ...fields
})

/** The names of the keys that an organization has. */
const namesOf = (organizationId: OrganizationId) =>
  Effect.flatMap(KeyStore, (keys) =>
    Effect.map(keys.list(keyFilter({ organizationId }), { after: null, take: 1000 }), (listed) =>
      listed.map(({ name }) => name).sort()
    )
  )

const kinds: Readonly<Record<string, KeyFields>> = {
  active: {},
  disabled: { disabledAt: before },
  expired: { expiresAt: before },
  expiresNow: { expiresAt: now },
  revoked: { revokedAt: before },
  revokedNow: { revokedAt: now },
  revokedBeforeItExpired: { revokedAt: instant(0), expiresAt: before },
  revokedAfterItExpired: { revokedAt: now, expiresAt: before }
}

const insertKinds = Effect.gen(function* () {
  const { id } = yield* insertOrganization()
  for (const [name, fields] of Object.entries(kinds)) yield* insertKey(id, { ...fields, name })
  return id
})

/** How keys that ended long ago are deleted. */
export const keyPruningContract = (test: ContractTest): void => {
  for (const [what, fields, gone] of [
    ["nothing where no time is given", {}, []],
    ["keys that were revoked before a time", { revokedBefore: now }, ["revoked", "revokedBeforeItExpired"]],
    ["keys that expired before a time, but no revoked ones", { expiredBefore: now }, ["expired"]],
    ["both", { revokedBefore: now, expiredBefore: now }, ["expired", "revoked", "revokedBeforeItExpired"]]
  ] as const) {
    test(`deletes ${what}, to the very millisecond`, () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        const [id, other] = [yield* insertKinds, yield* insertKinds]
        const all = Object.keys(kinds).sort()
        assert.deepStrictEqual(yield* keys.prune(pruning(id, fields), 100), { deleted: gone.length, more: false })
        assert.deepStrictEqual(
          yield* namesOf(id),
          all.filter((name) => !(gone as ReadonlyArray<string>).includes(name))
        )
        assert.deepStrictEqual(yield* namesOf(other), all)
        assert.deepStrictEqual(yield* keys.prune(pruning(id, fields), 100), { deleted: 0, more: false })
      }))
  }

  test("deletes at most so many at once, and says whether there may be more", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      for (let i = 0; i < 5; i++) yield* insertKey(id, i % 2 === 0 ? { revokedAt: before } : { expiresAt: before })
      const prune = keys.prune(pruning(id, { revokedBefore: now, expiredBefore: now }), 2)
      const batches = [yield* prune, yield* prune, yield* prune]
      assert.deepStrictEqual(batches, [
        { deleted: 2, more: true },
        { deleted: 2, more: true },
        { deleted: 1, more: false }
      ])
    }))

  test("leaves nothing of a key that it deletes", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const limits = yield* limitsOfGoodKeys
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id, { idempotencyKey: "order 7" })
      yield* limits.charge([{ keyId: key.id, limits: [makeRateLimit()], cost: 1 }])
      yield* keys.revoke(key.id, { at: before, reason: null })
      yield* keys.prune(pruning(id, { revokedBefore: now }), 100)
      assert.isTrue(Option.isNone(yield* keys.find(key.id)))
      assert.deepStrictEqual(yield* keys.findByDigests([digest.bytes]), [Option.none()])
      yield* insertKey(id, { id: key.id, idempotencyKey: "order 7" })
      const [outcome] = yield* limits.charge([{ keyId: key.id, limits: [makeRateLimit()], cost: 0 }])
      assert.strictEqual(outcome?.limits[0]?.remaining, 10)
    }))

  test("deletes each key once amid uses, charges, revocations and other prunings", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const limits = yield* patientLimits
      const { id } = yield* insertOrganization()
      const inserted = yield* Effect.forEach(Array.from({ length: 40 }), () => insertKey(id, { expiresAt: before }))
      const ids = inserted.map(({ key }) => key.id)
      const uses = ids.map((keyId) => ({ keyId, count: 1, lastUsedAt: now }))
      const prune = Effect.map(keys.prune(pruning(id, { expiredBefore: now }), 10), ({ deleted }) => deleted)
      const results = yield* atOnce(
        Array.from({ length: 8 }, (_, i) => [
          prune,
          Effect.as(recordPatiently({ writer: crypto.randomUUID(), number: 1, uses: [...uses].reverse() }), 0),
          Effect.as(limits.charge(ids.map((keyId) => ({ keyId, limits: [makeRateLimit()], cost: 1 }))), 0),
          Effect.as(keys.update(ids[i] ?? absent.key(), { expiresAt: null }, now), 0)
        ]).flat()
      )
      assertAllSucceeded(results)
      let deleted = successes(results).reduce((sum, count) => sum + count, 0)
      for (let batch = yield* prune; batch > 0; batch = yield* prune) deleted += batch
      const left = yield* keys.list(keyFilter({ organizationId: id }), { after: null, take: 100 })
      assert.strictEqual(deleted + left.length, 40)
      assert.isTrue(left.every(({ expiresAt }) => expiresAt === null))
    }))
}
