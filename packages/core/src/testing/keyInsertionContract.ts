import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { OrganizationId } from "../domain/Ids.js"
import { KeyStore, type NewKey } from "../ports/KeyStore.js"
import { TenantStore } from "../ports/TenantStore.js"
import { assertAllSucceeded, assertFails, assertSame, atOnce, type ContractTest, successes } from "./contract.js"
import {
  absent,
  insertKey,
  insertLinked,
  insertOrganization,
  insertProduct,
  insertProject,
  keyFilter,
  makeDigest,
  makeNewKey,
  uniqueName
} from "./fixtures.js"

/** Nothing of the key was written. */
const assertAbsent = ({ digest, key }: NewKey) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    assert.isTrue(Option.isNone(yield* keys.find(key.id)))
    const [found] = yield* keys.findByDigests([digest.bytes])
    assert.isTrue(found !== undefined && Option.isNone(found))
  })

const countKeys = (organizationId: OrganizationId) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    return (yield* keys.list(keyFilter({ organizationId }), { after: null, take: 1000 })).length
  })

/** What a key needs to be inserted. */
export const keyInsertionContract = (test: ContractTest): void => {
  ownerCases(test)
  linkCases(test)
  idempotencyCases(test)

  test("refuses a second key under an id or a digest that is taken, and keeps the first", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const first = yield* insertKey(id)
      const sameDigest = { ...makeNewKey(id), digest: { ...makeDigest(), bytes: first.digest.bytes } }
      const sameId = makeNewKey(id, { id: first.key.id, name: "Another" })
      yield* assertFails(keys.insert(sameDigest), { _tag: "StoreError", retryable: false })
      yield* assertFails(keys.insert(sameId), { _tag: "StoreError", retryable: false })
      assert.isTrue(Option.isNone(yield* keys.find(sameDigest.key.id)))
      const found = yield* keys.findByDigests([first.digest.bytes, sameId.digest.bytes])
      assert.deepStrictEqual(found.map(Option.isSome), [true, false])
      assertSame(Option.getOrThrow(yield* keys.find(first.key.id)), first.key)
    }))
}

const ownerCases = (test: ContractTest): void => {
  test("refuses an unknown organization, project and product, the broadest first", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const project = yield* insertProject(id)
      const [projectId, productId] = [absent.project(), absent.product()]
      const refused = (newKey: NewKey, entity: string, absentId: string) =>
        Effect.zipRight(
          assertFails(keys.insert(newKey), { _tag: "NotFoundError", entity, id: absentId }),
          assertAbsent(newKey)
        )
      const nowhere = absent.organization()
      yield* refused(makeNewKey(nowhere), "organization", nowhere)
      yield* refused(makeNewKey(nowhere, { projectId, productId }), "organization", nowhere)
      yield* refused(makeNewKey(id, { projectId }), "project", projectId)
      yield* refused(makeNewKey(id, { productId }), "product", productId)
      yield* refused(makeNewKey(id, { projectId, productId }), "project", projectId)
      yield* refused(makeNewKey(id, { projectId: project.id, productId }), "product", productId)
    }))

  test("refuses another organization's project and product as if they were not there", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const own = yield* insertLinked
      const foreign = yield* insertLinked
      const { id } = own.organization
      const [projectId, productId] = [foreign.project.id, foreign.product.id]
      const project = { _tag: "NotFoundError", entity: "project", id: projectId }
      const product = { _tag: "NotFoundError", entity: "product", id: productId }
      yield* assertFails(keys.insert(makeNewKey(id, { projectId })), project)
      yield* assertFails(keys.insert(makeNewKey(id, { productId })), product)
      yield* assertFails(keys.insert(makeNewKey(id, { projectId, productId })), project)
      yield* assertFails(keys.insert(makeNewKey(id, { projectId: own.project.id, productId })), product)
      yield* assertFails(keys.insert(makeNewKey(id, { projectId, productId: own.product.id })), project)
      assert.strictEqual(yield* countKeys(id), 0)
    }))
}

const linkCases = (test: ContractTest): void => {
  test("takes a key of a project and a product only where the two are linked", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const tenants = yield* TenantStore
      const { id } = yield* insertOrganization()
      const projectId = (yield* insertProject(id)).id
      const productId = (yield* insertProduct(id)).id
      const newKey = makeNewKey(id, { projectId, productId })
      assert.deepStrictEqual(yield* keys.insert(newKey), { _tag: "NotLinked" })
      yield* assertAbsent(newKey)
      yield* insertKey(id, { projectId })
      yield* insertKey(id, { productId })
      yield* tenants.link({ projectId, productId })
      assert.deepStrictEqual(yield* keys.insert(newKey), { _tag: "Inserted" })
    }))
}

const idempotencyCases = (test: ContractTest): void => {
  test("returns the first key under an idempotency key, before anything else is looked at", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const idempotencyKey = uniqueName("Import")
      const first = yield* insertKey(id, { idempotencyKey, name: "First" })
      yield* keys.update(first.key.id, { name: "Renamed" }, first.key.createdAt)
      const retries = [
        makeNewKey(id, { idempotencyKey }),
        makeNewKey(id, { idempotencyKey, projectId: absent.project() }),
        { ...makeNewKey(id, { idempotencyKey }), digest: first.digest }
      ]
      for (const retry of retries) {
        const insertion = yield* keys.insert(retry)
        assert.strictEqual(insertion._tag, "Existing")
        if (insertion._tag === "Existing") assertSame(insertion.key, { ...first.key, name: "Renamed" })
      }
      assert.strictEqual(yield* countKeys(id), 1)
    }))

  test("keeps the digest of the input with the idempotency key, and gives back that of the first", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const first = { idempotencyKey: uniqueName("Import"), idempotencyDigest: makeDigest().bytes }
      yield* insertKey(id, first)
      const bare = { idempotencyKey: uniqueName("Import"), idempotencyDigest: null }
      yield* insertKey(id, bare)
      for (const { idempotencyDigest, idempotencyKey } of [first, bare]) {
        const retry = { ...makeNewKey(id, { idempotencyKey }), idempotencyDigest: makeDigest().bytes }
        for (let n = 0; n < 2; n++) {
          const insertion = yield* keys.insert(retry)
          assert.strictEqual(insertion._tag, "Existing")
          if (insertion._tag !== "Existing") continue
          const kept = insertion.idempotencyDigest
          assert.deepStrictEqual(kept && [...kept], idempotencyDigest && [...idempotencyDigest])
        }
      }
    }))

  test("keeps idempotency keys per organization, and compares them exactly", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* insertOrganization(), yield* insertOrganization()]
      const idempotencyKey = uniqueName("r\u00e9sum\u00e9")
      yield* insertKey(one.id, { idempotencyKey })
      yield* insertKey(other.id, { idempotencyKey })
      yield* insertKey(one.id, { idempotencyKey: idempotencyKey.toUpperCase() })
      yield* insertKey(one.id, { idempotencyKey: idempotencyKey.normalize("NFD") })
      yield* insertKey(one.id, { idempotencyKey: idempotencyKey.replaceAll("\u00e9", "e") })
    }))

  test("frees an idempotency key with its key, and keeps it through a revocation", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const idempotencyKey = uniqueName("Import")
      const first = yield* insertKey(id, { idempotencyKey })
      yield* keys.revoke(first.key.id, { at: first.key.createdAt, reason: null })
      assert.strictEqual((yield* keys.insert(makeNewKey(id, { idempotencyKey })))._tag, "Existing")
      yield* keys.delete(first.key.id)
      yield* insertKey(id, { idempotencyKey })
    }))

  test("makes one key of 20 concurrent inserts under one idempotency key", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const idempotencyKey = uniqueName("Import")
      const contenders = Array.from({ length: 20 }, () => makeNewKey(id, { idempotencyKey }))
      const results = yield* atOnce(contenders.map((newKey) => keys.insert(newKey)))
      assertAllSucceeded(results)
      const winners = contenders.filter((_, i) => successes(results)[i]?._tag === "Inserted")
      assert.strictEqual(winners.length, 1)
      for (const insertion of successes(results)) {
        if (insertion._tag === "Existing") assert.strictEqual(insertion.key.id, winners[0]?.key.id)
        else assert.strictEqual(insertion._tag, "Inserted")
      }
      assert.strictEqual(yield* countKeys(id), 1)
      const found = yield* keys.findByDigests(contenders.map(({ digest }) => digest.bytes))
      assert.strictEqual(found.filter(Option.isSome).length, 1)
    }))
}
