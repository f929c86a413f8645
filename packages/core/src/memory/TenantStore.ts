import { DateTime, Effect } from "effect"
import type { Link } from "../domain/Access.js"
import { NotFoundError } from "../domain/Errors.js"
import type { OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import { Organization, type OrganizationName } from "../domain/Organization.js"
import { Product, type ProductName } from "../domain/Product.js"
import { Project, type ProjectName } from "../domain/Project.js"
import { TenantStore } from "../ports/TenantStore.js"
import type { KeyRow } from "./KeyRow.js"
import { type NamedRow, newestFirst } from "./NamedRows.js"
import * as NamedStore from "./NamedStore.js"
import { linkKey, type State, tell } from "./State.js"

const trusted = { disableValidation: true }

const toOrganization = ({ createdAt, id, name }: NamedRow<OrganizationId, "">) =>
  new Organization({ id, name: name as OrganizationName, createdAt: DateTime.unsafeMake(createdAt) }, trusted)

const toProject = ({ createdAt, id, name, owner }: NamedRow<ProjectId, OrganizationId>) =>
  new Project(
    { id, organizationId: owner, name: name as ProjectName, createdAt: DateTime.unsafeMake(createdAt) },
    trusted
  )

const toProduct = ({ createdAt, id, name, owner }: NamedRow<ProductId, OrganizationId>) =>
  new Product(
    { id, organizationId: owner, name: name as ProductName, createdAt: DateTime.unsafeMake(createdAt) },
    trusted
  )

const toRow = <Id extends string>(entity: Project | Product, id: Id): NamedRow<Id, OrganizationId> => ({
  id,
  owner: entity.organizationId,
  name: entity.name,
  createdAt: entity.createdAt.epochMillis
})

const countKeys = (state: State, held: (key: KeyRow) => boolean): number => {
  let count = 0
  for (const key of state.keys.values()) if (held(key)) count++
  return count
}

const removeLinks = (state: State, refers: (link: Link) => boolean): void => {
  for (const [key, link] of state.links) if (refers(link)) state.links.delete(key)
}

const findAbsentOrganization = (state: State) => (id: OrganizationId) =>
  state.organizations.find(id) === undefined ? new NotFoundError({ entity: "organization", id }) : null

const organizationsOf = (state: State) =>
  NamedStore.make({
    entity: "organization",
    rows: state.organizations,
    toEntity: toOrganization,
    findAbsentOwner: () => null,
    countKeys: (id) => countKeys(state, (key) => key.organizationId === id),
    cascade: (id) => {
      for (const project of state.projects.of(id)) {
        removeLinks(state, (link) => link.projectId === project.id)
        state.projects.remove(project.id)
      }
      for (const product of state.products.of(id)) state.products.remove(product.id)
    },
    onRemoved: () => tell(state, { _tag: "Tenants" })
  })

const projectsOf = (state: State) =>
  NamedStore.make({
    entity: "project",
    rows: state.projects,
    toEntity: toProject,
    findAbsentOwner: findAbsentOrganization(state),
    countKeys: (id) => countKeys(state, (key) => key.projectId === id),
    cascade: (id) => removeLinks(state, (link) => link.projectId === id),
    onRemoved: () => tell(state, { _tag: "Tenants" })
  })

const productsOf = (state: State) =>
  NamedStore.make({
    entity: "product",
    rows: state.products,
    toEntity: toProduct,
    findAbsentOwner: findAbsentOrganization(state),
    countKeys: (id) => countKeys(state, (key) => key.productId === id),
    cascade: (id) => removeLinks(state, (link) => link.productId === id),
    onRemoved: () => tell(state, { _tag: "Tenants" })
  })

const addLink = (state: State, { productId, projectId }: Link) =>
  Effect.suspend((): Effect.Effect<void, NotFoundError> => {
    const project = state.projects.find(projectId)
    if (project === undefined) return new NotFoundError({ entity: "project", id: projectId })
    if (state.products.find(productId)?.owner !== project.owner) {
      return new NotFoundError({ entity: "product", id: productId })
    }
    const key = linkKey({ productId, projectId })
    if (state.links.has(key)) return Effect.void
    state.links.set(key, Object.freeze({ productId, projectId }))
    tell(state, { _tag: "Tenants" })
    return Effect.void
  })

/** The port over a state. */
export const make = (state: State) => {
  const organizations = organizationsOf(state)
  const projects = projectsOf(state)
  const products = productsOf(state)

  return TenantStore.of({
    insertOrganization: ({ createdAt, id, name }) =>
      Effect.catchTag(
        organizations.insert({ id, owner: "", name, createdAt: createdAt.epochMillis }),
        "NotFoundError",
        Effect.die
      ),
    findOrganization: organizations.find,
    findOrganizationByName: (name) => organizations.findByName("", name),
    listOrganizations: (slice) => organizations.list("", slice),
    renameOrganization: organizations.rename,
    deleteOrganization: organizations.delete,

    insertProject: (project) => projects.insert(toRow(project, project.id)),
    findProject: projects.find,
    findProjectByName: projects.findByName,
    listProjects: projects.list,
    renameProject: projects.rename,
    deleteProject: projects.delete,

    insertProduct: (product) => products.insert(toRow(product, product.id)),
    findProduct: products.find,
    findProductByName: products.findByName,
    listProducts: products.list,
    renameProduct: products.rename,
    deleteProduct: products.delete,

    link: (link) => addLink(state, link),
    unlink: (link) =>
      Effect.sync(() => {
        if (state.links.delete(linkKey(link))) tell(state, { _tag: "Tenants" })
      }),
    areLinked: (links) => Effect.sync(() => links.map((link) => state.links.has(linkKey(link)))),
    listProductsOfProject: (projectId, slice) =>
      Effect.sync(() => {
        const linked = [...state.links.values()].filter((link) => link.projectId === projectId)
        const rows = linked.flatMap((link) => state.products.find(link.productId) ?? [])
        return newestFirst(rows, slice).map(toProduct)
      })
  })
}
