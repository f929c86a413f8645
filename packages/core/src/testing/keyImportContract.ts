import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { OrganizationId } from "../domain/Ids.js"
import type { KeyImport } from "../ports/KeyImport.js"
import { KeyStore } from "../ports/KeyStore.js"
import { TenantStore } from "../ports/TenantStore.js"
import { assertAllSucceeded, assertSame, atOnce, type ContractTest, many, successes } from "./contract.js"
import {
  absent,
  insertKey,
  insertLinked,
  insertOrganization,
  insertProduct,
  insertProject,
  instant,
  type KeyFields,
  keyFilter,
  makeDigest,
  makeKey,
  makeRateLimit
} from "./fixtures.js"

const makeImport = (organizationId: OrganizationId, fields: KeyFields = {}): KeyImport => ({
  key: makeKey(organizationId, fields),
  digest: makeDigest(),
  otherDigests: [],
  otherIds: []
})

const inserted = { _tag: "Inserted" } as const

const countKeys = (organizationId: OrganizationId) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    return (yield* keys.list(keyFilter({ organizationId }), { after: null, take: 5000 })).length
  })

/** How keys that were issued elsewhere come in. */
export const keyImportContract = (test: ContractTest): void => {
  test("inserts many, of several owners, with their whole history", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { organization, product, project } = yield* insertLinked
      const other = yield* insertOrganization()
      const imports = [
        makeImport(organization.id, {
          projectId: project.id,
          productId: product.id,
          name: null,
          hint: "…",
          scopes: ["read", "docs:*"],
          rateLimits: [makeRateLimit({ requests: 7, window: 90 })],
          metadata: { plan: "pro", nested: { list: [1, null, "é"] } },
          expiresAt: instant(1_000),
          revokedAt: instant(900),
          revokedReason: "leaked",
          useCount: 123_456_789_012,
          lastUsedAt: instant(800),
          createdAt: instant(1)
        }),
        makeImport(other.id),
        makeImport(organization.id, { productId: product.id })
      ]
      assert.deepStrictEqual(yield* keys.insertMany(imports), [inserted, inserted, inserted])
      const found = yield* keys.findByDigests(imports.map(({ digest }) => digest.bytes))
      for (const [i, { digest, key }] of imports.entries()) {
        const one = Option.getOrThrow(found[i] ?? Option.none())
        assertSame(one.key, key)
        assert.deepStrictEqual([...one.digest], [...digest.bytes])
        assertSame(Option.getOrThrow(yield* keys.find(key.id)), key)
      }
    }))

  test("inserts nothing of nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* (yield* KeyStore).insertMany([]), [])
    }))

  for (const size of [1, 3, 64, 1025, 1500]) {
    test(`inserts ${size} in one call, and finds all of them in the next`, () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        const { id } = yield* insertOrganization()
        const imports = Array.from({ length: size }, () => makeImport(id))
        const first = yield* keys.insertMany(imports)
        assert.deepStrictEqual(
          first,
          imports.map(() => inserted)
        )
        const second = yield* keys.insertMany(imports)
        assert.deepStrictEqual(
          second,
          imports.map(({ key }) => ({ _tag: "Existing" as const, keyId: key.id }))
        )
        assert.strictEqual(yield* countKeys(id), size)
      }))
  }

  test("inserts a call of 22 MB, which is more than some servers take at a time", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const imports = Array.from({ length: 1100 }, (_, n) =>
        makeImport(id, { metadata: { n, text: "x".repeat(20_000) } })
      )
      assert.deepStrictEqual(
        yield* keys.insertMany(imports),
        imports.map(() => inserted)
      )
      assert.deepStrictEqual(
        Option.getOrThrow(yield* keys.find(imports[1099]?.key.id ?? absent.key())).metadata.n,
        1099
      )
    }))

  test("tells of each key alone what stands against it, and inserts the others", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { organization, product, project } = yield* insertLinked
      const unlinked = yield* insertProduct(organization.id)
      const foreigner = yield* insertOrganization()
      const foreign = { project: yield* insertProject(foreigner.id), product: yield* insertProduct(foreigner.id) }
      const own = yield* insertKey(organization.id)
      const theirs = yield* insertKey(foreigner.id)
      const id = organization.id
      const good = makeImport(id)
      const nobody = absent.organization()
      const imports: ReadonlyArray<KeyImport> = [
        makeImport(nobody),
        makeImport(id, { projectId: absent.project() }),
        makeImport(id, { projectId: foreign.project.id }),
        makeImport(id, { projectId: project.id, productId: absent.product() }),
        makeImport(id, { productId: foreign.product.id }),
        makeImport(id, { projectId: project.id, productId: unlinked.id }),
        { ...makeImport(id), digest: own.digest },
        { ...makeImport(id), digest: theirs.digest },
        makeImport(id, { id: theirs.key.id }),
        { ...makeImport(id, { id: own.key.id }), digest: { ...makeDigest(), secretId: own.digest.secretId } },
        { ...makeImport(id, { id: own.key.id }), digest: { ...makeDigest(), secretId: "another" } },
        good
      ]
      assert.deepStrictEqual(yield* keys.insertMany(imports), [
        { _tag: "Absent", entity: "organization" },
        { _tag: "Absent", entity: "project" },
        { _tag: "Absent", entity: "project" },
        { _tag: "Absent", entity: "product" },
        { _tag: "Absent", entity: "product" },
        { _tag: "NotLinked" },
        { _tag: "Existing", keyId: own.key.id },
        { _tag: "Taken", field: "digest" },
        { _tag: "Taken", field: "id" },
        { _tag: "OtherDigest", keyId: own.key.id, renewed: false },
        { _tag: "OtherDigest", keyId: own.key.id, renewed: true },
        inserted
      ])
      assert.strictEqual(yield* countKeys(id), 2)
      assertSame(Option.getOrThrow(yield* keys.find(own.key.id)), own.key)
      const found = yield* keys.findByDigests(imports.map(({ digest }) => digest.bytes))
      assert.deepStrictEqual(
        found.map((option) => (Option.isSome(option) ? option.value.key.id : null)),
        [null, null, null, null, null, null, own.key.id, theirs.key.id, null, null, null, good.key.id]
      )
      assert.isTrue(Option.isSome(yield* (yield* TenantStore).findProduct(product.id)))
    }))

  test("lets later ones of a call see the earlier ones", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const one = yield* insertOrganization()
      const other = yield* insertOrganization()
      const first = makeImport(one.id)
      const again = { ...makeImport(one.id), digest: first.digest }
      const stolen = { ...makeImport(other.id), digest: first.digest }
      const sameId = makeImport(one.id, { id: first.key.id })
      const theirId = makeImport(other.id, { id: first.key.id })
      assert.deepStrictEqual(yield* keys.insertMany([first, again, stolen, sameId, theirId]), [
        inserted,
        { _tag: "Existing", keyId: first.key.id },
        { _tag: "Taken", field: "digest" },
        { _tag: "OtherDigest", keyId: first.key.id, renewed: false },
        { _tag: "Taken", field: "id" }
      ])
    }))

  test("inserts each key once, however many import the same ones at once, in whatever order", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const imports = Array.from({ length: 40 }, () => makeImport(id))
      const calls = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? imports : [...imports].reverse()))
      const results = yield* atOnce(calls.map((call) => keys.insertMany(call)))
      assertAllSucceeded(results)
      const outcomes = successes(results).flat()
      assert.strictEqual(outcomes.filter(({ _tag }) => _tag === "Inserted").length, imports.length)
      assert.strictEqual(outcomes.filter(({ _tag }) => _tag === "Existing").length, 9 * imports.length)
      assert.strictEqual(yield* countKeys(id), imports.length)
    }))

  test("gives a digest to one of many organizations that import it at once", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const organizations = yield* Effect.forEach(Array.from({ length: 10 }), () => insertOrganization())
      const digest = makeDigest()
      const results = yield* atOnce(organizations.map(({ id }) => keys.insertMany([{ ...makeImport(id), digest }])))
      assertAllSucceeded(results)
      const outcomes = successes(results).flat()
      assert.strictEqual(outcomes.filter(({ _tag }) => _tag === "Inserted").length, 1)
      const refused = outcomes.filter(({ _tag }) => _tag !== "Inserted")
      for (const outcome of refused) assert.deepStrictEqual(outcome, { _tag: "Taken", field: "digest" })
    }))

  redigestCases(test)
}

const redigestCases = (test: ContractTest): void => {
  test("puts a digest into the place of another, and leaves the key's others", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id)
      const next = { ...makeDigest(), secretId: "next" }
      assert.isTrue(yield* keys.redigest(digest.bytes, next))
      const [before, after] = yield* keys.findByDigests([digest.bytes, next.bytes])
      assert.deepStrictEqual(before, Option.none())
      assertSame(Option.getOrThrow(after ?? Option.none()).key, key)
      const again = { ...makeImport(id, { id: key.id }), digest: { ...makeDigest(), secretId: digest.secretId } }
      assert.deepStrictEqual(yield* keys.insertMany([again]), [{ _tag: "OtherDigest", keyId: key.id, renewed: true }])
      assert.isFalse(yield* keys.redigest(digest.bytes, makeDigest()))
    }))

  test("replaces no digest by one that is there, and inserts none for one that is not", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const [one, other] = yield* Effect.all([insertKey(id), insertKey(id)])
      assert.isFalse(yield* keys.redigest(one.digest.bytes, other.digest))
      const unknown = makeDigest()
      assert.isFalse(yield* keys.redigest(makeDigest().bytes, unknown))
      const found = yield* keys.findByDigests([one.digest.bytes, other.digest.bytes, unknown.bytes])
      assert.deepStrictEqual(
        found.map((option) => (Option.isSome(option) ? option.value.key.id : null)),
        [one.key.id, other.key.id, null]
      )
    }))

  test(`replaces a digest once, of ${many} that do so at once`, () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id)
      const next = makeDigest()
      const results = yield* atOnce(Array.from({ length: many }, () => keys.redigest(digest.bytes, next)))
      assertAllSucceeded(results)
      assert.strictEqual(successes(results).filter(Boolean).length, 1)
      const [found] = yield* keys.findByDigests([next.bytes])
      assert.strictEqual(Option.getOrThrow(found ?? Option.none()).key.id, key.id)
    }))

  test("brings back no digest whose key is deleted meanwhile", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const rounds = Array.from({ length: 20 }, () => ({ next: makeDigest() }))
      for (const { next } of rounds) {
        const { digest, key } = yield* insertKey(id)
        const results = yield* atOnce([keys.redigest(digest.bytes, next), keys.delete(key.id)])
        assertAllSucceeded(results)
        const found = yield* keys.findByDigests([digest.bytes, next.bytes])
        assert.deepStrictEqual(found, [Option.none(), Option.none()])
      }
      assert.strictEqual(yield* countKeys(id), 0)
    }))
}
