import { Effect } from "effect"
import { OrganizationId } from "../../domain/Ids.js"
import { Organization } from "../../domain/Organization.js"
import { TenantStore } from "../../ports/TenantStore.js"
import { Identifiers } from "../Identifiers.js"
import { getOrCreate, orNotFound, readPage } from "./entity.js"
import { decodeOrganizationId, decodeOrganizationName, decodePage } from "./input.js"
import type { TenantsService } from "./TenantsService.js"

type Operations = Omit<
  Pick<TenantsService, Extract<keyof TenantsService, `${string}Organization${string}`>>,
  "importOrganization"
>

export const makeOrganizations = Effect.gen(function* () {
  const store = yield* TenantStore
  const identifiers = yield* Identifiers

  const insert = Effect.fnUntraced(function* (name: Organization["name"]) {
    const { createdAt, id } = yield* identifiers.next
    const organization = new Organization({ id: OrganizationId.make(id), name, createdAt })
    yield* store.insertOrganization(organization)
    return organization
  })

  const operations: Operations = {
    createOrganization: Effect.fn("Tenants.createOrganization")(function* (input) {
      const { name } = yield* decodeOrganizationName(input)
      return yield* insert(name)
    }),
    getOrCreateOrganization: Effect.fn("Tenants.getOrCreateOrganization")(function* (input) {
      const { name } = yield* decodeOrganizationName(input)
      return yield* getOrCreate(store.findOrganizationByName(name), insert(name))
    }),
    getOrganization: Effect.fn("Tenants.getOrganization")(function* (input) {
      const id = yield* decodeOrganizationId(input)
      return yield* store.findOrganization(id).pipe(orNotFound("organization", id))
    }),
    getOrganizationByName: Effect.fn("Tenants.getOrganizationByName")(function* (input) {
      const { name } = yield* decodeOrganizationName(input)
      return yield* store.findOrganizationByName(name).pipe(orNotFound("organization", null))
    }),
    listOrganizations: Effect.fn("Tenants.listOrganizations")(function* (input) {
      return yield* readPage("organizations", yield* decodePage(input ?? {}), store.listOrganizations)
    }),
    renameOrganization: Effect.fn("Tenants.renameOrganization")(function* (input, changes) {
      const id = yield* decodeOrganizationId(input)
      const { name } = yield* decodeOrganizationName(changes)
      return yield* store.renameOrganization(id, name)
    }),
    deleteOrganization: Effect.fn("Tenants.deleteOrganization")(function* (input) {
      yield* store.deleteOrganization(yield* decodeOrganizationId(input))
    })
  }
  return operations
})
