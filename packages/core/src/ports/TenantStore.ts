import { Context, type Effect, type Option } from "effect"
import type { Link } from "../domain/Access.js"
import type { AlreadyExistsError, InUseError, NotFoundError, StoreError } from "../domain/Errors.js"
import type { OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import type { Organization, OrganizationName } from "../domain/Organization.js"
import type { PagePosition } from "../domain/Page.js"
import type { Product, ProductName } from "../domain/Product.js"
import type { Project, ProjectName } from "../domain/Project.js"

/** Which rows of a listing to read: those below a position in the order `(createdAt, id)` descending. */
export interface PageSlice {
  /** `null`: from the newest on. */
  readonly after: PagePosition | null
  /** How many rows to return at most. */
  readonly take: number
}

/**
 * Where organizations, projects, products and links live. What each member promises is tested by the store
 * contract.
 *
 * Names are compared exactly, by code point. Every member is atomic: it does all of what it says, or, when it
 * fails, nothing (after a `StoreError`: nothing or all of it). Listings are in the order `(createdAt, id)`
 * descending.
 *
 * @since 0.1.0
 */
export class TenantStore extends Context.Tag("@apikeys/core/TenantStore")<
  TenantStore,
  {
    /** Inserts, or fails with the holder of the name. Of concurrent inserts of one name exactly one succeeds. */
    readonly insertOrganization: (organization: Organization) => Effect.Effect<void, AlreadyExistsError | StoreError>
    /** `None` where there is no such organization. */
    readonly findOrganization: (id: OrganizationId) => Effect.Effect<Option.Option<Organization>, StoreError>
    /** `None` where no organization has exactly this name. */
    readonly findOrganizationByName: (name: OrganizationName) => Effect.Effect<Option.Option<Organization>, StoreError>
    readonly listOrganizations: (slice: PageSlice) => Effect.Effect<ReadonlyArray<Organization>, StoreError>
    /** Returns the organization under its new name. Its own name is no conflict. */
    readonly renameOrganization: (
      id: OrganizationId,
      name: OrganizationName
    ) => Effect.Effect<Organization, NotFoundError | AlreadyExistsError | StoreError>
    /** Deletes the organization with its projects, products and links; refused while it has keys, of any status. */
    readonly deleteOrganization: (id: OrganizationId) => Effect.Effect<void, NotFoundError | InUseError | StoreError>

    /** Inserts, or fails with the holder of the name within the organization, or where there is no such organization. */
    readonly insertProject: (project: Project) => Effect.Effect<void, NotFoundError | AlreadyExistsError | StoreError>
    readonly findProject: (id: ProjectId) => Effect.Effect<Option.Option<Project>, StoreError>
    readonly findProjectByName: (
      organizationId: OrganizationId,
      name: ProjectName
    ) => Effect.Effect<Option.Option<Project>, StoreError>
    /** Of one organization; empty where there is none. */
    readonly listProjects: (
      organizationId: OrganizationId,
      slice: PageSlice
    ) => Effect.Effect<ReadonlyArray<Project>, StoreError>
    readonly renameProject: (
      id: ProjectId,
      name: ProjectName
    ) => Effect.Effect<Project, NotFoundError | AlreadyExistsError | StoreError>
    /** Deletes the project with its links; refused while keys are narrowed to it, of any status. */
    readonly deleteProject: (id: ProjectId) => Effect.Effect<void, NotFoundError | InUseError | StoreError>

    /** Inserts, or fails with the holder of the name within the organization, or where there is no such organization. */
    readonly insertProduct: (product: Product) => Effect.Effect<void, NotFoundError | AlreadyExistsError | StoreError>
    readonly findProduct: (id: ProductId) => Effect.Effect<Option.Option<Product>, StoreError>
    readonly findProductByName: (
      organizationId: OrganizationId,
      name: ProductName
    ) => Effect.Effect<Option.Option<Product>, StoreError>
    /** Of one organization; empty where there is none. */
    readonly listProducts: (
      organizationId: OrganizationId,
      slice: PageSlice
    ) => Effect.Effect<ReadonlyArray<Product>, StoreError>
    readonly renameProduct: (
      id: ProductId,
      name: ProductName
    ) => Effect.Effect<Product, NotFoundError | AlreadyExistsError | StoreError>
    /** Deletes the product with its links; refused while keys are narrowed to it, of any status. */
    readonly deleteProduct: (id: ProductId) => Effect.Effect<void, NotFoundError | InUseError | StoreError>

    /**
     * Links a product to a project; a link that exists already is success. Where there is no such project or
     * product, or the product belongs to another organization than the project: `NotFoundError`, of the product
     * in the latter case, which tells nothing of the other organization.
     */
    readonly link: (link: Link) => Effect.Effect<void, NotFoundError | StoreError>
    /** Removes a link; one that is not there, whatever the reason, is success. */
    readonly unlink: (link: Link) => Effect.Effect<void, StoreError>
    /** Which of these links exist, in their order. */
    readonly areLinked: (links: ReadonlyArray<Link>) => Effect.Effect<ReadonlyArray<boolean>, StoreError>
    /** The products linked to a project, in the order of products, not of links; empty where there is no project. */
    readonly listProductsOfProject: (
      projectId: ProjectId,
      slice: PageSlice
    ) => Effect.Effect<ReadonlyArray<Product>, StoreError>
  }
>() {}
