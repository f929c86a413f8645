import { Effect } from "effect"
import { TenantStore } from "../../ports/TenantStore.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import { orNotFound, readPage, unlessAbsent } from "./entity.js"
import { decodeLink, decodePageOfProject } from "./input.js"
import type { TenantsService } from "./TenantsService.js"

type Operations = Pick<TenantsService, "addProductToProject" | "removeProductFromProject" | "listProductsOfProject">

export const makeLinks = Effect.map(Effect.all([TenantStore, VerificationCache]), ([store, { changing }]) => {
  const changingTenants = changing({ _tag: "Tenants" })
  const operations: Operations = {
    addProductToProject: Effect.fn("Tenants.addProductToProject")(function* (input) {
      yield* changingTenants(store.link(yield* decodeLink(input)))
    }),
    removeProductFromProject: Effect.fn("Tenants.removeProductFromProject")(function* (input) {
      const link = yield* decodeLink(input)
      yield* store.findProject(link.projectId).pipe(orNotFound("project", link.projectId))
      yield* store.findProduct(link.productId).pipe(orNotFound("product", link.productId))
      yield* changingTenants(store.unlink(link))
    }),
    listProductsOfProject: Effect.fn("Tenants.listProductsOfProject")(function* (input) {
      const { projectId, ...page } = yield* decodePageOfProject(input)
      const read = readPage(["products", projectId], page, (slice) => store.listProductsOfProject(projectId, slice))
      return yield* read.pipe(unlessAbsent(store.findProject(projectId).pipe(orNotFound("project", projectId))))
    })
  }
  return operations
})
