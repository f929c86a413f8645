import { Input, OrganizationId, OrganizationName, ProductId, ProductName, ProjectId, ProjectName } from "@apikeys/core"
import { Schema } from "effect"
import { Timestamp } from "./wire.js"

export const organizationId = Input.id(OrganizationId)
export const projectId = Input.id(ProjectId)
export const productId = Input.id(ProductId)

export const OfOrganization = Schema.Struct({ organizationId })
export const OfProject = Schema.Struct({ projectId })
export const OfProduct = Schema.Struct({ productId })
export const OfLink = Schema.Struct({ projectId, productId })

export const NamedOrganization = Schema.Struct({ name: OrganizationName })
export const NamedProject = Schema.Struct({ name: ProjectName })
export const NamedProduct = Schema.Struct({ name: ProductName })

export const Organization = Schema.Struct({
  id: Schema.UUID,
  name: Schema.String,
  createdAt: Timestamp
}).annotations({ identifier: "Organization" })

const owned = { id: Schema.UUID, organizationId: Schema.UUID, name: Schema.String, createdAt: Timestamp }
export const Project = Schema.Struct(owned).annotations({ identifier: "Project" })
export const Product = Schema.Struct(owned).annotations({ identifier: "Product" })
