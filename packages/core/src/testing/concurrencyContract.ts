import { assert, describe } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { TenantStore } from "../ports/TenantStore.js"
import { assertAllSucceeded, assertError, atOnce, type ContractTest, failures, many, successes } from "./contract.js"
import {
  insertLinked,
  insertOrganization,
  insertProduct,
  insertProject,
  makeNewKey,
  makeProject,
  uniqueName
} from "./fixtures.js"
import { type NamedKind, namedKinds } from "./namedStore.js"

/** What holds while many callers do the same, or the opposite, at once. */
export const concurrencyContract = (test: ContractTest): void => {
  for (const kind of namedKinds) describe(kind.entity, () => nameCases(test, kind))
  linkCases(test)
  deletionCases(test)
}

const nameCases = (test: ContractTest, { entity, open }: NamedKind): void => {
  test(`lets one of ${many} concurrent inserts of a name win`, () =>
    Effect.gen(function* () {
      const store = yield* open
      const name = uniqueName()
      const contenders = Array.from({ length: many }, () => store.make({ name }))
      const results = yield* atOnce(contenders.map(store.insert))
      const winners = contenders.filter((_, i) => results[i]?._tag === "Right")
      assert.strictEqual(winners.length, 1)
      const [winner] = winners
      for (const error of failures(results)) {
        assertError(error, { _tag: "AlreadyExistsError", entity, existingName: name, existingId: winner?.id })
      }
      const found = yield* Effect.forEach(contenders, ({ id }) => store.find(id))
      assert.strictEqual(found.filter(Option.isSome).length, 1)
      assert.strictEqual(Option.getOrThrow(yield* store.findByName(name)).id, winner?.id)
    }))

  test("lets one of 20 concurrent renames to a name win, and the others keep theirs", () =>
    Effect.gen(function* () {
      const store = yield* open
      const name = uniqueName("Wanted")
      const contenders = Array.from({ length: 20 }, () => store.make())
      yield* Effect.forEach(contenders, store.insert)
      const results = yield* atOnce(contenders.map(({ id }) => store.rename(id, name)))
      const [winner, ...others] = successes(results)
      assert.deepStrictEqual(others, [])
      for (const error of failures(results)) {
        assertError(error, { _tag: "AlreadyExistsError", existingName: name, existingId: winner?.id })
      }
      for (const each of contenders) {
        const expected = each.id === winner?.id ? name : each.name
        assert.strictEqual(Option.getOrThrow(yield* store.find(each.id)).name, expected)
      }
    }))

  test("deletes once of 20 concurrent deletions", () =>
    Effect.gen(function* () {
      const store = yield* open
      const one = store.make()
      yield* store.insert(one)
      const results = yield* atOnce(Array.from({ length: 20 }, () => store.delete(one.id)))
      assert.strictEqual(successes(results).length, 1)
      for (const error of failures(results)) assertError(error, { _tag: "NotFoundError", entity, id: one.id })
    }))

  test("never keeps a key of what was deleted while it was inserted", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const store = yield* open
      for (let round = 0; round < 10; round++) {
        const one = store.make()
        yield* store.insert(one)
        const [organizationId, narrowed] = store.keyOf(one.id)
        const newKey = makeNewKey(organizationId, narrowed)
        const insertion = Effect.asVoid(keys.insert(newKey))
        const both = [insertion, store.delete(one.id)]
        yield* atOnce(round % 2 === 0 ? both : both.reverse())
        const owner = yield* store.find(one.id)
        const key = yield* keys.find(newKey.key.id)
        assert.strictEqual(Option.isSome(owner), Option.isSome(key))
      }
    }))
}

const linkCases = (test: ContractTest): void => {
  test("links once of 20 concurrent links, and unlinks of 20 concurrent unlinks", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { id } = yield* insertOrganization()
      const link = { projectId: (yield* insertProject(id)).id, productId: (yield* insertProduct(id)).id }
      const linked = yield* atOnce(Array.from({ length: 20 }, () => tenants.link(link)))
      assertAllSucceeded(linked)
      const listed = yield* tenants.listProductsOfProject(link.projectId, { after: null, take: 10 })
      assert.strictEqual(listed.length, 1)
      const unlinked = yield* atOnce(Array.from({ length: 20 }, () => tenants.unlink(link)))
      assertAllSucceeded(unlinked)
      assert.deepStrictEqual(yield* tenants.areLinked([link]), [false])
    }))

  test("keeps no link of what is deleted while it is linked", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { id } = yield* insertOrganization()
      const project = yield* insertProject(id)
      for (let round = 0; round < 10; round++) {
        const product = yield* insertProduct(id)
        const link = { projectId: project.id, productId: product.id }
        const results = yield* atOnce([tenants.link(link), tenants.deleteProduct(product.id)])
        for (const error of failures(results)) assertError(error, { _tag: "NotFoundError", entity: "product" })
        assert.isTrue(Option.isNone(yield* tenants.findProduct(product.id)))
        assert.deepStrictEqual(yield* tenants.areLinked([link]), [false])
      }
      assert.deepStrictEqual(yield* tenants.listProductsOfProject(project.id, { after: null, take: 100 }), [])
    }))
}

const deletionCases = (test: ContractTest): void => {
  test("leaves no project of an organization that is deleted while it is filled", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      for (let round = 0; round < 10; round++) {
        const { organization } = yield* insertLinked
        const projects = Array.from({ length: 5 }, () => makeProject(organization.id))
        const fill = projects.map((project) => tenants.insertProject(project))
        const results = yield* atOnce([
          ...fill.slice(0, 2),
          tenants.deleteOrganization(organization.id),
          ...fill.slice(2)
        ])
        for (const error of failures(results)) {
          assertError(error, { _tag: "NotFoundError", entity: "organization", id: organization.id })
        }
        const left = yield* Effect.forEach(projects, ({ id }) => tenants.findProject(id))
        assert.deepStrictEqual(left.filter(Option.isSome), [])
      }
    }))
}
