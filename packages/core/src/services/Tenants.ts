import { Context, Effect, Layer } from "effect"
import { ProductId, ProjectId } from "../domain/Ids.js"
import { Product } from "../domain/Product.js"
import { Project } from "../domain/Project.js"
import { StoreHealth } from "../ports/StoreHealth.js"
import { TenantStore } from "../ports/TenantStore.js"
import { inTime } from "./Deadline.js"
import type { Identifiers } from "./Identifiers.js"
import { makeTenantImports } from "./tenants/imports.js"
import {
  decodeNewProduct,
  decodeNewProject,
  decodeProductId,
  decodeProductName,
  decodeProjectId,
  decodeProjectName
} from "./tenants/input.js"
import { makeLinks } from "./tenants/links.js"
import { makeOrganizations } from "./tenants/organizations.js"
import { makeOwned } from "./tenants/owned.js"
import type { TenantsService } from "./tenants/TenantsService.js"
import type { VerificationCache } from "./verifier/VerificationCache.js"

/**
 * Sets up who keys belong to: organizations, their projects and products, and the links between these.
 *
 * @since 0.1.0
 */
export class Tenants extends Context.Tag("@apikeys/core/Tenants")<Tenants, TenantsService>() {}

const make = Effect.gen(function* () {
  const store = yield* TenantStore
  const projects = yield* makeOwned({
    entity: "project",
    build: (fields) => new Project({ ...fields, id: ProjectId.make(fields.id) }),
    decodeId: decodeProjectId,
    decodeNew: decodeNewProject,
    decodeName: decodeProjectName,
    insert: store.insertProject,
    find: store.findProject,
    findByName: store.findProjectByName,
    list: store.listProjects,
    rename: store.renameProject,
    delete: store.deleteProject
  })
  const products = yield* makeOwned({
    entity: "product",
    build: (fields) => new Product({ ...fields, id: ProductId.make(fields.id) }),
    decodeId: decodeProductId,
    decodeNew: decodeNewProduct,
    decodeName: decodeProductName,
    insert: store.insertProduct,
    find: store.findProduct,
    findByName: store.findProductByName,
    list: store.listProducts,
    rename: store.renameProduct,
    delete: store.deleteProduct
  })
  const { timeoutMillis } = yield* StoreHealth
  const operations = Tenants.of({
    ...(yield* makeOrganizations),
    ...(yield* makeLinks),
    ...(yield* makeTenantImports),
    createProject: projects.create,
    getOrCreateProject: projects.getOrCreate,
    getProject: projects.get,
    getProjectByName: projects.getByName,
    listProjects: projects.list,
    renameProject: projects.rename,
    deleteProject: projects.delete,
    createProduct: products.create,
    getOrCreateProduct: products.getOrCreate,
    getProduct: products.get,
    getProductByName: products.getByName,
    listProducts: products.list,
    renameProduct: products.rename,
    deleteProduct: products.delete
  })
  return inTime("Tenants", timeoutMillis, operations)
})

export const layer: Layer.Layer<Tenants, never, TenantStore | StoreHealth | Identifiers | VerificationCache> =
  Layer.effect(Tenants, make)
