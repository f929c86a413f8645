import { Schema } from "effect"
import { idInput, OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"
import { decodeInput, decodeValue } from "../../domain/Input.js"
import { InstantInput } from "../../domain/Instant.js"
import { OrganizationName } from "../../domain/Organization.js"
import { pageFields } from "../../domain/Page.js"
import { ProductName } from "../../domain/Product.js"
import { ProjectName } from "../../domain/Project.js"
import { orNull } from "../keys/input.js"

const organizationId = idInput(OrganizationId)
const projectId = idInput(ProjectId)
const productId = idInput(ProductId)

export const decodeOrganizationId = decodeValue("id", organizationId)
export const decodeProjectId = decodeValue("id", projectId)
export const decodeProductId = decodeValue("id", productId)

export const decodeOrganizationName = decodeInput(Schema.Struct({ name: OrganizationName }))
export const decodeProjectName = decodeInput(Schema.Struct({ name: ProjectName }))
export const decodeProductName = decodeInput(Schema.Struct({ name: ProductName }))

export const decodeNewProject = decodeInput(Schema.Struct({ organizationId, name: ProjectName }))
export const decodeNewProduct = decodeInput(Schema.Struct({ organizationId, name: ProductName }))

const createdAt = orNull(InstantInput)

export const decodeImportedOrganization = decodeInput(
  Schema.Struct({ id: organizationId, name: OrganizationName, createdAt })
)
export const decodeImportedProject = decodeInput(
  Schema.Struct({ id: projectId, organizationId, name: ProjectName, createdAt })
)
export const decodeImportedProduct = decodeInput(
  Schema.Struct({ id: productId, organizationId, name: ProductName, createdAt })
)

export const decodePage = decodeInput(Schema.Struct(pageFields))
export const decodePageOfOrganization = decodeInput(Schema.Struct({ organizationId, ...pageFields }))
export const decodePageOfProject = decodeInput(Schema.Struct({ projectId, ...pageFields }))

export const decodeLink = decodeInput(Schema.Struct({ productId, projectId }))
