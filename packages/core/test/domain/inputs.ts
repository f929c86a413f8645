import { Schema } from "effect"
import { idInput, OrganizationId, ProjectId } from "../../src/domain/Ids.js"
import { InstantInput } from "../../src/domain/Instant.js"
import { KeyEnvironment, KeyHead, KeyPrefix } from "../../src/domain/KeyToken.js"
import { Metadata } from "../../src/domain/Metadata.js"
import { pageFields } from "../../src/domain/Page.js"
import { Cost, RateLimitsInput } from "../../src/domain/RateLimit.js"
import { ShortText } from "../../src/domain/Rule.js"
import { Scopes } from "../../src/domain/Scope.js"

/** Every kind of field that a caller ever fills. */
export const EveryField = Schema.Struct({
  organizationId: idInput(OrganizationId),
  projectId: Schema.optional(Schema.NullOr(idInput(ProjectId))),
  name: Schema.optional(Schema.NullOr(ShortText)),
  scopes: Schema.optional(Scopes),
  rateLimits: Schema.optional(RateLimitsInput),
  expiresAt: Schema.optional(Schema.NullOr(InstantInput)),
  metadata: Schema.optional(Metadata),
  cost: Schema.optional(Cost),
  trackUsage: Schema.optional(Schema.Boolean),
  status: Schema.optional(Schema.Literal("active", "all")),
  keyPrefix: Schema.optional(KeyPrefix),
  environment: Schema.optional(KeyEnvironment),
  acceptedHeads: Schema.optional(Schema.Array(KeyHead)),
  ...pageFields
})

export const organizationId = "0190163d-8694-739b-aea5-966c26f8ad91"

/** An input to which one field at a time is added. */
export const withField = (fields: object): object => ({ organizationId, ...fields })

export const fieldNames = Object.keys(EveryField.fields)
