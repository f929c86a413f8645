import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { KeyId, OrganizationId } from "../domain/Ids.js"
import { type KeyFence, KeyStore } from "../ports/KeyStore.js"
import { assertAllSucceeded, assertSame, atOnce, type ContractTest, many } from "./contract.js"
import {
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  instant,
  keyFilter,
  keyOwner,
  makeDigest,
  makeKey,
  revokeAll
} from "./fixtures.js"

const at = instant(fixtureTime + 1000)
const revocation = { at, reason: "left the company" }
const later = { at: instant(fixtureTime + 2000), reason: "again" }

const all = { after: null, take: 1000 }

const insertKeys = (organizationId: OrganizationId, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => insertKey(organizationId))

const listed = (organizationId: OrganizationId, status: "active" | "revoked" | "expired" | "disabled") =>
  Effect.flatMap(KeyStore, (keys) =>
    Effect.map(keys.list(keyFilter({ organizationId, status }), all), (found) => found.map(({ id }) => id).sort())
  )

/** A fence, of which so many steps were made before whoever made it was gone. */
const abandon = (organizationId: OrganizationId, steps: number) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    let { rest, revoked } = yield* keys.fence(keyOwner({ organizationId }), revocation)
    for (let step = 0; step < steps && rest !== null; step++) {
      const batch: { readonly revoked: number; readonly rest: KeyFence | null } = yield* keys.revokeFenced(rest, 2)
      revoked += batch.revoked
      rest = batch.rest
    }
    return revoked
  })

/** What holds of all keys of an owner that are revoked at once, from the first step on. */
export const keyFenceContract = (test: ContractTest): void => {
  for (const steps of [0, 1]) {
    test(`gives every key behind a fence as revoked, ${steps === 0 ? "before" : "half-way while"} rows are written`, () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        const { id } = yield* insertOrganization()
        const own = yield* insertKeys(id, 4)
        yield* insertKey(id, { expiresAt: instant(fixtureTime - 1) })
        yield* keys.disable((yield* insertKey(id)).key.id, { at, reason: null })
        yield* abandon(id, steps)
        const [newest] = own.slice(-1)
        for (const { digest, key } of own) {
          const expected = { ...key, revokedAt: at, revokedReason: revocation.reason, updatedAt: at }
          assertSame(Option.getOrThrow(yield* keys.find(key.id)), expected)
          const [found] = yield* keys.findByDigests([digest.bytes])
          assertSame(Option.getOrThrow(found ?? Option.none()).key, expected)
          assertSame(Option.getOrThrow(yield* keys.revoke(key.id, later)), expected)
          const rotation = { at: later.at, digest: makeDigest(), hint: key.hint, overlapMillis: 0 }
          assert.strictEqual(Option.getOrThrow(yield* keys.rotate(key.id, rotation))._tag, "Revoked")
        }
        assert.strictEqual((yield* listed(id, "revoked")).length, 6)
        for (const status of ["active", "expired", "disabled"] as const) {
          assert.deepStrictEqual(yield* listed(id, status), [])
        }
        const renamed = Option.getOrThrow(yield* keys.update(newest?.key.id as KeyId, { name: "Renamed" }, later.at))
        assert.deepStrictEqual(
          [renamed.revokedAt?.epochMillis, renamed.updatedAt.epochMillis],
          [at.epochMillis, later.at.epochMillis]
        )
      }))
  }

  test("is finished by a repetition, with the first time and reason, and each key is counted once", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const own = yield* insertKeys(id, 7)
      const before = yield* abandon(id, 2)
      const { key: newer } = yield* insertKey(id)
      assert.strictEqual(yield* revokeAll(keyOwner({ organizationId: id }), later, 3), own.length + 1 - before)
      for (const { key } of own) {
        const { revokedAt, revokedReason } = Option.getOrThrow(yield* keys.find(key.id))
        assert.deepStrictEqual([revokedAt?.epochMillis, revokedReason], [at.epochMillis, revocation.reason])
      }
      assert.strictEqual(Option.getOrThrow(yield* keys.find(newer.id)).revokedReason, later.reason)
      assert.strictEqual(yield* revokeAll(keyOwner({ organizationId: id }), later), 0)
    }))

  test("leaves keys alone that came after it, or are of another owner", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { organization, project } = yield* insertLinked
      const { key: wide } = yield* insertKey(organization.id)
      const { key: narrow } = yield* insertKey(organization.id, { projectId: project.id })
      const { rest } = yield* keys.fence(keyOwner({ projectId: project.id }), revocation)
      const { key: next } = yield* insertKey(organization.id, { projectId: project.id })
      // Made long ago, and taken over only now.
      const imported = makeKey(organization.id, { projectId: project.id, createdAt: instant(1) })
      yield* keys.insertMany([{ key: imported, digest: makeDigest(), otherDigests: [], otherIds: [] }])
      const states = Effect.map(listed(organization.id, "active"), (ids) => assert.sameMembers(ids, free))
      const free = [wide.id, next.id, imported.id]
      yield* states
      let left = rest
      while (left !== null) left = (yield* keys.revokeFenced(left, 1)).rest
      yield* states
      assert.deepStrictEqual(yield* listed(organization.id, "revoked"), [narrow.id])
    }))

  test("prunes what is behind it by the time of the revocation, although nothing is written yet", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      yield* insertKey(id, { expiresAt: instant(fixtureTime - 1) })
      yield* insertKey(id)
      yield* abandon(id, 0)
      const prune = (revokedBefore: number | null, expiredBefore: number | null) =>
        keys.prune(
          {
            organizationId: id,
            revokedBefore: revokedBefore === null ? null : instant(revokedBefore),
            expiredBefore: expiredBefore === null ? null : instant(expiredBefore)
          },
          100
        )
      assert.strictEqual((yield* prune(null, fixtureTime)).deleted, 0)
      assert.strictEqual((yield* prune(at.epochMillis, null)).deleted, 0)
      assert.strictEqual((yield* prune(at.epochMillis + 1, null)).deleted, 2)
    }))

  test(`revokes for good, or not at all, each of ${many} keys that are inserted meanwhile`, () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      yield* insertKeys(id, 3)
      const owner = keyOwner({ organizationId: id })
      const seenRevoked = new Set<string>()
      const look = Effect.map(listed(id, "revoked"), (ids) => {
        for (const each of ids) seenRevoked.add(each)
      })
      const insertions = Array.from({ length: many }, () => insertKey(id))
      const imports = Array.from({ length: 10 }, () =>
        keys.insertMany(
          Array.from({ length: 5 }, () => ({ key: makeKey(id), digest: makeDigest(), otherDigests: [], otherIds: [] }))
        )
      )
      const revocations = [revocation, later].map((each) => Effect.zipLeft(revokeAll(owner, each, 10), look))
      const looks = Array.from({ length: 20 }, () => look)
      assertAllSucceeded(yield* atOnce([...insertions, ...revocations, ...imports, ...looks]))
      const revoked = new Set(yield* listed(id, "revoked"))
      for (const each of seenRevoked)
        assert.isTrue(revoked.has(each as KeyId), "a key was revoked, and is not any more")
    }))
}
