import { Schema } from "effect"
import { OrganizationId } from "./Ids.js"
import { Instant } from "./Instant.js"
import { ShortText } from "./Rule.js"

/** 1 to 255 code points, trimmed; unique among all organizations and compared exactly. */
export const OrganizationName = ShortText.pipe(Schema.brand("OrganizationName"))
export type OrganizationName = typeof OrganizationName.Type

/**
 * The top-level tenant: everything else belongs to exactly one.
 *
 * @since 0.1.0
 */
export class Organization extends Schema.Class<Organization>("@apikeys/core/Organization")({
  id: OrganizationId,
  name: Schema.typeSchema(OrganizationName),
  createdAt: Instant
}) {}
