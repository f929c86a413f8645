import { assert, describe } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { TenantStore } from "../ports/TenantStore.js"
import { assertFails, assertSame, type ContractTest, idsOf } from "./contract.js"
import {
  absent,
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  insertProduct,
  insertProject,
  instant,
  makeProduct,
  makeProject,
  uniqueName
} from "./fixtures.js"
import { linkContract } from "./linkContract.js"
import { nameContract } from "./nameContract.js"
import { namedKinds } from "./namedStore.js"

/** Organizations, projects, products and links. */
export const tenantContract = (test: ContractTest): void => {
  for (const kind of namedKinds) describe(kind.entity, () => nameContract(test, kind))
  describe("parents", () => parentContract(test))
  describe("deletion", () => deletionContract(test))
  describe("links", () => linkContract(test))
}

const parentContract = (test: ContractTest): void => {
  test("refuses a project and a product of an unknown organization", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const id = absent.organization()
      const expected = { _tag: "NotFoundError", entity: "organization", id }
      const [project, product] = [makeProject(id), makeProduct(id)]
      yield* assertFails(tenants.insertProject(project), expected)
      yield* assertFails(tenants.insertProduct(product), expected)
      assert.isTrue(Option.isNone(yield* tenants.findProject(project.id)))
      assert.isTrue(Option.isNone(yield* tenants.findProduct(product.id)))
      const slice = { after: null, take: 10 }
      assert.deepStrictEqual(yield* tenants.listProjects(id, slice), [])
      assert.deepStrictEqual(yield* tenants.listProducts(id, slice), [])
    }))

  test("lets another organization, and a project and a product, have the same name", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const [one, other] = [yield* insertOrganization(), yield* insertOrganization()]
      const name = uniqueName()
      const project = yield* insertProject(one.id, { name })
      const product = yield* insertProduct(one.id, { name })
      const otherProject = yield* insertProject(other.id, { name })
      yield* insertProduct(other.id, { name })
      assertSame(Option.getOrThrow(yield* tenants.findProjectByName(one.id, project.name)), project)
      assertSame(Option.getOrThrow(yield* tenants.findProjectByName(other.id, project.name)), otherProject)
      assertSame(Option.getOrThrow(yield* tenants.findProductByName(one.id, product.name)), product)
      assert.isTrue(Option.isNone(yield* tenants.findProjectByName(absent.organization(), project.name)))
    }))
}

const deletionContract = (test: ContractTest): void => {
  test("takes an organization's projects, products and links with it, and nothing of another's", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const [gone, kept] = [yield* insertLinked, yield* insertLinked]
      yield* tenants.deleteOrganization(gone.organization.id)
      assert.isTrue(Option.isNone(yield* tenants.findProject(gone.project.id)))
      assert.isTrue(Option.isNone(yield* tenants.findProduct(gone.product.id)))
      const links = [gone, kept].map(({ product, project }) => ({ productId: product.id, projectId: project.id }))
      assert.deepStrictEqual(yield* tenants.areLinked(links), [false, true])
      assertSame(Option.getOrThrow(yield* tenants.findProject(kept.project.id)), kept.project)
    }))

  test("takes the links of a project or product with it, and nothing else", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { organization, product, project } = yield* insertLinked
      const other = yield* insertProject(organization.id)
      yield* tenants.link({ productId: product.id, projectId: other.id })
      yield* tenants.deleteProject(project.id)
      const slice = { after: null, take: 10 }
      assert.deepStrictEqual(yield* tenants.listProductsOfProject(project.id, slice), [])
      assert.deepStrictEqual(idsOf(yield* tenants.listProductsOfProject(other.id, slice)), [product.id])
      yield* tenants.deleteProduct(product.id)
      assert.deepStrictEqual(yield* tenants.listProductsOfProject(other.id, slice), [])
      assert.isTrue(Option.isSome(yield* tenants.findProject(other.id)))
    }))

  test("refuses to delete what has keys, of any status, and says how many", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const keys = yield* KeyStore
      const { organization, product, project } = yield* insertLinked
      yield* insertKey(organization.id)
      yield* insertKey(organization.id, { projectId: project.id, expiresAt: instant(fixtureTime - 1) })
      const both = yield* insertKey(organization.id, { projectId: project.id, productId: product.id })
      yield* keys.revoke(both.key.id, { at: instant(fixtureTime), reason: null })

      const inUse = { _tag: "InUseError" }
      yield* assertFails(tenants.deleteOrganization(organization.id), {
        ...inUse,
        entity: "organization",
        id: organization.id,
        keys: 3
      })
      yield* assertFails(tenants.deleteProject(project.id), { ...inUse, entity: "project", id: project.id, keys: 2 })
      yield* assertFails(tenants.deleteProduct(product.id), { ...inUse, entity: "product", id: product.id, keys: 1 })
      assert.deepStrictEqual(yield* tenants.areLinked([{ productId: product.id, projectId: project.id }]), [true])

      yield* keys.delete(both.key.id)
      yield* tenants.deleteProduct(product.id)
      yield* assertFails(tenants.deleteProject(project.id), { ...inUse, keys: 1 })
    }))
}
