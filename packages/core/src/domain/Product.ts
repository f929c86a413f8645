import { Schema } from "effect"
import { OrganizationId, ProductId } from "./Ids.js"
import { Instant } from "./Instant.js"
import { ShortText } from "./Rule.js"

/** 1 to 255 code points, trimmed; unique within its organization and compared exactly. */
export const ProductName = ShortText.pipe(Schema.brand("ProductName"))
export type ProductName = typeof ProductName.Type

/**
 * A named API surface of an organization; linked to projects, many to many.
 *
 * @since 0.1.0
 */
export class Product extends Schema.Class<Product>("@apikeys/core/Product")({
  id: ProductId,
  organizationId: OrganizationId,
  name: Schema.typeSchema(ProductName),
  createdAt: Instant
}) {}
