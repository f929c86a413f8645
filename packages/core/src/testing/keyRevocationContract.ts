import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { assertAllSucceeded, assertSame, atOnce, type ContractTest, successes } from "./contract.js"
import {
  absent,
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  instant,
  keyOwner,
  revokeAll
} from "./fixtures.js"

const at = instant(fixtureTime + 1000)

/** How keys are revoked, one by one and all of an owner. */
export const keyRevocationContract = (test: ContractTest): void => {
  test("keeps the first time and reason", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id, { expiresAt: instant(fixtureTime + 1) })
      const revoked = { ...key, revokedAt: at, revokedReason: "leaked 😱", updatedAt: at }
      assertSame(Option.getOrThrow(yield* keys.revoke(key.id, { at, reason: "leaked 😱" })), revoked)
      for (const [millis, reason] of [
        [fixtureTime + 2000, "again"],
        [fixtureTime, null]
      ] as const) {
        assertSame(Option.getOrThrow(yield* keys.revoke(key.id, { at: instant(millis), reason })), revoked)
      }
      const [found] = yield* keys.findByDigests([digest.bytes])
      assertSame(Option.getOrThrow(found ?? Option.none()).key, revoked)
    }))

  test("keeps that there was no reason", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      yield* keys.revoke(key.id, { at, reason: null })
      const again = Option.getOrThrow(yield* keys.revoke(key.id, { at: instant(fixtureTime + 2000), reason: "late" }))
      assertSame(again, { ...key, revokedAt: at, revokedReason: null, updatedAt: at })
    }))

  test("keeps the same time and reason for all of 20 concurrent revocations", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const results = yield* atOnce(
        Array.from({ length: 20 }, (_, i) =>
          keys.revoke(key.id, { at: instant(fixtureTime + 1 + i), reason: `reason ${i}` })
        )
      )
      assertAllSucceeded(results)
      const kept = Option.getOrThrow(yield* keys.find(key.id))
      const first = kept.revokedAt === null ? Number.NaN : kept.revokedAt.epochMillis - fixtureTime - 1
      assert.strictEqual(kept.revokedReason, `reason ${first}`)
      for (const revoked of successes(results)) assertSame(Option.getOrThrow(revoked), kept)
    }))

  test("returns none where there is no key", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      assert.isTrue(Option.isNone(yield* keys.revoke(absent.key(), { at, reason: null })))
    }))

  ownerCases(test)
}

/** An organization with a key of every kind, of which one is revoked already. */
const insertKeysOfEveryKind = Effect.gen(function* () {
  const keys = yield* KeyStore
  const { organization, product, project } = yield* insertLinked
  const [projectId, productId] = [project.id, product.id]
  const fields = { wide: {}, ofProject: { projectId }, ofProduct: { productId }, ofBoth: { projectId, productId } }
  const insertKind = (kind: keyof typeof fields) =>
    Effect.map(insertKey(organization.id, fields[kind]), ({ key }) => key.id)
  const ids = yield* Effect.all({
    wide: insertKind("wide"),
    ofProject: insertKind("ofProject"),
    ofProduct: insertKind("ofProduct"),
    ofBoth: insertKind("ofBoth"),
    revoked: insertKind("ofBoth")
  })
  yield* keys.revoke(ids.revoked, { at: instant(fixtureTime), reason: "before" })
  return { organizationId: organization.id, projectId, productId, ids }
})

type Kind = "wide" | "ofProject" | "ofProduct" | "ofBoth"

const owners: ReadonlyArray<{
  readonly by: ReadonlyArray<"organizationId" | "projectId" | "productId">
  readonly revokes: ReadonlyArray<Kind>
}> = [
  { by: ["organizationId"], revokes: ["wide", "ofProject", "ofProduct", "ofBoth"] },
  { by: ["projectId"], revokes: ["ofProject", "ofBoth"] },
  { by: ["productId"], revokes: ["ofProduct", "ofBoth"] },
  { by: ["organizationId", "projectId"], revokes: ["ofProject", "ofBoth"] },
  { by: ["organizationId", "productId"], revokes: ["ofProduct", "ofBoth"] },
  { by: ["projectId", "productId"], revokes: ["ofBoth"] },
  { by: ["organizationId", "projectId", "productId"], revokes: ["ofBoth"] }
]

const ownerCases = (test: ContractTest): void => {
  for (const { by, revokes } of owners) {
    test(`revokes all keys by ${by.join(" and ")}, and says how many`, () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        const own = yield* insertKeysOfEveryKind
        const other = yield* insertKeysOfEveryKind
        const owner = keyOwner(Object.fromEntries(by.map((field) => [field, own[field]])))
        const revocation = { at, reason: "all at once" }
        assert.strictEqual(yield* revokeAll(owner, revocation), revokes.length)
        assert.strictEqual(yield* revokeAll(owner, { at: instant(0), reason: "again" }), 0)
        for (const kind of ["wide", "ofProject", "ofProduct", "ofBoth"] as const) {
          const { revokedAt, revokedReason, updatedAt } = Option.getOrThrow(yield* keys.find(own.ids[kind]))
          const expected = revokes.includes(kind)
            ? [at.epochMillis, "all at once", at.epochMillis]
            : [undefined, null, fixtureTime]
          assert.deepStrictEqual([revokedAt?.epochMillis, revokedReason, updatedAt.epochMillis], expected)
          assert.isNull(Option.getOrThrow(yield* keys.find(other.ids[kind])).revokedAt)
        }
        const before = Option.getOrThrow(yield* keys.find(own.ids.revoked))
        assert.deepStrictEqual([before.revokedAt?.epochMillis, before.revokedReason], [fixtureTime, "before"])
      }))
  }

  test("revokes nothing of an owner that is not there, or of two that do not go together", () =>
    Effect.gen(function* () {
      const [own, other] = [yield* insertKeysOfEveryKind, yield* insertKeysOfEveryKind]
      const revocation = { at, reason: null }
      for (const owner of [
        keyOwner({ organizationId: absent.organization() }),
        keyOwner({ projectId: absent.project() }),
        keyOwner({ productId: absent.product() }),
        keyOwner({ organizationId: own.organizationId, projectId: other.projectId })
      ]) {
        assert.strictEqual(yield* revokeAll(owner, revocation), 0)
      }
    }))

  test("counts each key once in concurrent revocations of overlapping owners", () =>
    Effect.gen(function* () {
      const { organizationId, productId, projectId } = yield* insertKeysOfEveryKind
      const all = [keyOwner({ organizationId }), keyOwner({ projectId }), keyOwner({ productId })]
      const results = yield* atOnce([...all, ...all].map((owner) => revokeAll(owner, { at, reason: null })))
      assertAllSucceeded(results)
      assert.strictEqual(
        successes(results).reduce((sum, count) => sum + count, 0),
        4
      )
    }))
}
