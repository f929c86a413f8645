import type { Effect } from "effect"
import type {
  AlreadyExistsError,
  InUseError,
  InvalidInputError,
  NotFoundError,
  StoreError
} from "../../domain/Errors.js"
import type { Organization } from "../../domain/Organization.js"
import type { Page } from "../../domain/Page.js"
import type { Product } from "../../domain/Product.js"
import type { Project } from "../../domain/Project.js"
import type { InstantInput } from "../keys/KeyInput.js"
import type {
  ImportInOrganizationInput,
  ImportOrganizationInput,
  LinkInput,
  NamedInOrganization,
  PageInput
} from "./TenantInput.js"

type Reads<A, Absent = NotFoundError> = Effect.Effect<A, Absent | InvalidInputError | StoreError>
type Creates<A, Absent = NotFoundError> = Effect.Effect<A, AlreadyExistsError | Absent | InvalidInputError | StoreError>
type Deletes = Effect.Effect<void, InUseError | NotFoundError | InvalidInputError | StoreError>

/** What `Tenants` do. */
export interface TenantsService {
  /** The name must be free among all organizations. */
  readonly createOrganization: (input: { readonly name: string }) => Creates<Organization, never>
  /** The organization of this name and `false`, or a new one and `true`. Safe on every deploy and under concurrency. */
  readonly getOrCreateOrganization: (input: {
    readonly name: string
  }) => Reads<readonly [organization: Organization, created: boolean], never>
  readonly getOrganization: (id: string) => Reads<Organization>
  readonly getOrganizationByName: (input: { readonly name: string }) => Reads<Organization>
  /** Newest first. */
  readonly listOrganizations: (input?: PageInput) => Reads<Page<Organization>, never>
  readonly renameOrganization: (id: string, changes: { readonly name: string }) => Creates<Organization>
  /** With its projects, products and links; refused while it has keys, of any status. */
  readonly deleteOrganization: (id: string) => Deletes

  /** The name must be free within the organization. */
  readonly createProject: (input: NamedInOrganization) => Creates<Project>
  /** The project of this name and `false`, or a new one and `true`. Safe on every deploy and under concurrency. */
  readonly getOrCreateProject: (input: NamedInOrganization) => Reads<readonly [project: Project, created: boolean]>
  readonly getProject: (id: string) => Reads<Project>
  readonly getProjectByName: (input: NamedInOrganization) => Reads<Project>
  /** Newest first. */
  readonly listProjects: (input: PageInput & { readonly organizationId: string }) => Reads<Page<Project>>
  readonly renameProject: (id: string, changes: { readonly name: string }) => Creates<Project>
  /** With its links; refused while keys are narrowed to it, of any status. */
  readonly deleteProject: (id: string) => Deletes

  /** The name must be free within the organization. */
  readonly createProduct: (input: NamedInOrganization) => Creates<Product>
  /** The product of this name and `false`, or a new one and `true`. Safe on every deploy and under concurrency. */
  readonly getOrCreateProduct: (input: NamedInOrganization) => Reads<readonly [product: Product, created: boolean]>
  readonly getProduct: (id: string) => Reads<Product>
  readonly getProductByName: (input: NamedInOrganization) => Reads<Product>
  /** Newest first. */
  readonly listProducts: (input: PageInput & { readonly organizationId: string }) => Reads<Page<Product>>
  readonly renameProduct: (id: string, changes: { readonly name: string }) => Creates<Product>
  /** With its links; refused while keys are narrowed to it, of any status. */
  readonly deleteProduct: (id: string) => Deletes

  /** Links a product to a project of the same organization; a link that is there already is success. */
  readonly addProductToProject: (input: LinkInput) => Reads<void>
  /** Removes a link; one that is not there is success. */
  readonly removeProductFromProject: (input: LinkInput) => Reads<void>
  /** Newest product first. */
  readonly listProductsOfProject: (input: PageInput & { readonly projectId: string }) => Reads<Page<Product>>

  /**
   * Takes over an organization under its own id: `true` where it is new. One that is there under this id is returned as
   * it is, whatever its name is by now; the name of another is `AlreadyExistsError`.
   */
  readonly importOrganization: (
    input: ImportOrganizationInput<InstantInput>
  ) => Creates<readonly [organization: Organization, created: boolean], never>
  /** Takes over a project under its own id, as {@link importOrganization} does. */
  readonly importProject: (
    input: ImportInOrganizationInput<InstantInput>
  ) => Creates<readonly [project: Project, created: boolean]>
  /** Takes over a product under its own id, as {@link importOrganization} does. */
  readonly importProduct: (
    input: ImportInOrganizationInput<InstantInput>
  ) => Creates<readonly [product: Product, created: boolean]>
}
