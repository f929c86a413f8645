import { Organization, type PageSlice, Product, Project, TenantStore } from "@apikeys/core"
import { Schema } from "effect"
import type { Dialect } from "./Dialect.js"
import { makeLinks } from "./Links.js"
import { makeNamedStore } from "./NamedStore.js"
import type { Operations } from "./Operations.js"

/** The port over a database. */
export const makeTenantStore = (dialect: Dialect, operations: Operations) => {
  const { rows, tables } = dialect
  const decodeOrganization = Schema.decodeUnknownSync(rows.Organization)
  const encodeOrganization = Schema.encodeSync(rows.Organization)
  const organizations = makeNamedStore<Organization>(dialect, operations, {
    entity: "organization",
    title: "Organization",
    table: tables.organizations,
    row: rows.Organization,
    keyColumn: "organization_id",
    decode: (row) => {
      const { created_at, id, name } = decodeOrganization(row)
      return new Organization({ id, name, createdAt: created_at }, true)
    },
    encode: ({ createdAt, id, name }) => encodeOrganization({ id, name, created_at: createdAt }),
    ownerOf: () => null
  })

  const decodeProject = Schema.decodeUnknownSync(rows.Project)
  const encodeProject = Schema.encodeSync(rows.Project)
  const projects = makeNamedStore<Project>(dialect, operations, {
    entity: "project",
    title: "Project",
    table: tables.projects,
    row: rows.Project,
    keyColumn: "project_id",
    decode: (row) => {
      const { created_at, id, name, organization_id } = decodeProject(row)
      return new Project({ id, organizationId: organization_id, name, createdAt: created_at }, true)
    },
    encode: ({ createdAt, id, name, organizationId }) =>
      encodeProject({ id, organization_id: organizationId, name, created_at: createdAt }),
    ownerOf: ({ organizationId }) => organizationId
  })

  const decodeProductRow = Schema.decodeUnknownSync(rows.Product)
  const encodeProduct = Schema.encodeSync(rows.Product)
  const decodeProduct = (row: unknown) => {
    const { created_at, id, name, organization_id } = decodeProductRow(row)
    return new Product({ id, organizationId: organization_id, name, createdAt: created_at }, true)
  }
  const products = makeNamedStore<Product>(dialect, operations, {
    entity: "product",
    title: "Product",
    table: tables.products,
    row: rows.Product,
    keyColumn: "product_id",
    decode: decodeProduct,
    encode: ({ createdAt, id, name, organizationId }) =>
      encodeProduct({ id, organization_id: organizationId, name, created_at: createdAt }),
    ownerOf: ({ organizationId }) => organizationId
  })

  return TenantStore.of({
    insertOrganization: organizations.insert,
    findOrganization: organizations.find,
    findOrganizationByName: (name) => organizations.findByName(null, name),
    listOrganizations: (slice: PageSlice) => organizations.list(null, slice),
    renameOrganization: organizations.rename,
    deleteOrganization: organizations.remove,
    insertProject: projects.insertOwned,
    findProject: projects.find,
    findProjectByName: projects.findByName,
    listProjects: projects.list,
    renameProject: projects.rename,
    deleteProject: projects.remove,
    insertProduct: products.insertOwned,
    findProduct: products.find,
    findProductByName: products.findByName,
    listProducts: products.list,
    renameProduct: products.rename,
    deleteProduct: products.remove,
    ...makeLinks(dialect, operations, decodeProduct)
  })
}
