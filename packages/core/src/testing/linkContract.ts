import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TenantStore } from "../ports/TenantStore.js"
import { assertFails, type ContractTest, idsOf } from "./contract.js"
import { absent, fixtureTime, insertLinked, insertOrganization, insertProduct, insertProject } from "./fixtures.js"
import { newestFirst } from "./walk.js"

/** Which products are linked to which projects. */
export const linkContract = (test: ContractTest): void => {
  test("links and unlinks, each as often as one likes", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { product, project } = yield* insertLinked
      const link = { productId: product.id, projectId: project.id }
      yield* tenants.link(link)
      assert.deepStrictEqual(yield* tenants.areLinked([link]), [true])
      assert.strictEqual((yield* tenants.listProductsOfProject(project.id, { after: null, take: 10 })).length, 1)
      yield* tenants.unlink(link)
      assert.deepStrictEqual(yield* tenants.areLinked([link]), [false])
      yield* tenants.unlink(link)
      assert.isTrue(Option.isSome(yield* tenants.findProduct(product.id)))
      yield* tenants.link(link)
      assert.deepStrictEqual(yield* tenants.areLinked([link]), [true])
    }))

  test("refuses to link what is not there, and what belongs to another organization", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { product, project } = yield* insertLinked
      const foreign = yield* insertLinked
      const [projectId, productId] = [absent.project(), absent.product()]
      const notFound = { _tag: "NotFoundError" }
      yield* assertFails(tenants.link({ projectId, productId: product.id }), {
        ...notFound,
        entity: "project",
        id: projectId
      })
      yield* assertFails(tenants.link({ projectId: project.id, productId }), {
        ...notFound,
        entity: "product",
        id: productId
      })
      const across = { projectId: project.id, productId: foreign.product.id }
      yield* assertFails(tenants.link(across), { ...notFound, entity: "product", id: foreign.product.id })
      assert.deepStrictEqual(yield* tenants.areLinked([across]), [false])
    }))

  test("passes over the unlinking of what is not there", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { product, project } = yield* insertLinked
      yield* tenants.unlink({ projectId: absent.project(), productId: product.id })
      yield* tenants.unlink({ projectId: project.id, productId: absent.product() })
      yield* tenants.unlink({ projectId: absent.project(), productId: absent.product() })
      assert.deepStrictEqual(yield* tenants.areLinked([{ productId: product.id, projectId: project.id }]), [true])
    }))

  test("tells which links exist, in the order asked, as often as asked", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const [one, other] = [yield* insertLinked, yield* insertLinked]
      const linked = { projectId: one.project.id, productId: one.product.id }
      const otherLinked = { projectId: other.project.id, productId: other.product.id }
      const crossed = { projectId: one.project.id, productId: other.product.id }
      const unknown = { projectId: absent.project(), productId: absent.product() }
      const asked = [unknown, linked, crossed, otherLinked, linked, { ...unknown, projectId: one.project.id }]
      assert.deepStrictEqual(yield* tenants.areLinked(asked), [false, true, false, true, true, false])
      assert.deepStrictEqual(yield* tenants.areLinked([]), [])
    }))

  test("lists a project's products in the order of products, whatever the order of links", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const organization = yield* insertOrganization()
      const project = yield* insertProject(organization.id)
      const products = yield* Effect.forEach([2, 0, 3, 1], (age) =>
        insertProduct(organization.id, { createdAt: fixtureTime - age })
      )
      yield* insertProduct(organization.id)
      yield* Effect.forEach(products, ({ id }) => tenants.link({ projectId: project.id, productId: id }))
      const listed = yield* tenants.listProductsOfProject(project.id, { after: null, take: 10 })
      assert.deepStrictEqual(idsOf(listed), idsOf(newestFirst(products)))
      assert.deepStrictEqual(yield* tenants.listProductsOfProject(absent.project(), { after: null, take: 10 }), [])
    }))
}
