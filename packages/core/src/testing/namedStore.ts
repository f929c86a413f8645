import { Effect, type Option } from "effect"
import type { AlreadyExistsError, InUseError, NotFoundError, StoreError } from "../domain/Errors.js"
import type { OrganizationId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import { type PageSlice, TenantStore } from "../ports/TenantStore.js"
import {
  absent,
  insertOrganization,
  type KeyFields,
  makeOrganization,
  makeProduct,
  makeProject,
  type NamedFields
} from "./fixtures.js"

/** What organizations, projects and products have in common. */
export interface Named {
  readonly id: string
  readonly name: string
  readonly createdAt: Instant
}

/** The members of one kind, so that a case is written once for organizations, projects and products. */
export interface NamedStore {
  readonly make: (fields?: NamedFields) => Named
  readonly insert: (entity: Named) => Effect.Effect<void, NotFoundError | AlreadyExistsError | StoreError>
  readonly find: (id: string) => Effect.Effect<Option.Option<Named>, StoreError>
  readonly findByName: (name: string) => Effect.Effect<Option.Option<Named>, StoreError>
  readonly list: (slice: PageSlice) => Effect.Effect<ReadonlyArray<Named>, StoreError>
  readonly rename: (id: string, name: string) => Effect.Effect<Named, NotFoundError | AlreadyExistsError | StoreError>
  readonly delete: (id: string) => Effect.Effect<void, NotFoundError | InUseError | StoreError>
  readonly absentId: () => string
  /** The organization of a key that belongs to an entity, and how that key is narrowed to it. */
  readonly keyOf: (id: string) => readonly [OrganizationId, KeyFields]
}

/** A kind of entity, and the members of its store; those of a project or product are of one new organization. */
export interface NamedKind {
  readonly entity: "organization" | "project" | "product"
  readonly open: Effect.Effect<NamedStore, unknown, TenantStore>
}

// The members of a kind differ in the brands of ids and names alone, which the cases have no use for.
const unbranded = (members: unknown): NamedStore => members as NamedStore

const organizations: NamedKind = {
  entity: "organization",
  open: Effect.map(TenantStore, (tenants) =>
    unbranded({
      make: makeOrganization,
      insert: tenants.insertOrganization,
      find: tenants.findOrganization,
      findByName: tenants.findOrganizationByName,
      list: tenants.listOrganizations,
      rename: tenants.renameOrganization,
      delete: tenants.deleteOrganization,
      absentId: absent.organization,
      keyOf: (id: string) => [id, {}]
    })
  )
}

const projects: NamedKind = {
  entity: "project",
  open: Effect.gen(function* () {
    const tenants = yield* TenantStore
    const organization = yield* insertOrganization()
    return unbranded({
      make: (fields?: NamedFields) => makeProject(organization.id, fields),
      insert: tenants.insertProject,
      find: tenants.findProject,
      findByName: (name: never) => tenants.findProjectByName(organization.id, name),
      list: (slice: PageSlice) => tenants.listProjects(organization.id, slice),
      rename: tenants.renameProject,
      delete: tenants.deleteProject,
      absentId: absent.project,
      keyOf: (projectId: string) => [organization.id, { projectId }]
    })
  })
}

const products: NamedKind = {
  entity: "product",
  open: Effect.gen(function* () {
    const tenants = yield* TenantStore
    const organization = yield* insertOrganization()
    return unbranded({
      make: (fields?: NamedFields) => makeProduct(organization.id, fields),
      insert: tenants.insertProduct,
      find: tenants.findProduct,
      findByName: (name: never) => tenants.findProductByName(organization.id, name),
      list: (slice: PageSlice) => tenants.listProducts(organization.id, slice),
      rename: tenants.renameProduct,
      delete: tenants.deleteProduct,
      absentId: absent.product,
      keyOf: (productId: string) => [organization.id, { productId }]
    })
  })
}

export const namedKinds: ReadonlyArray<NamedKind> = [organizations, projects, products]
