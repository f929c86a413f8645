import { Schema } from "effect"
import { idInput, OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"
import { decodeInput } from "../../domain/Input.js"
import { Cost } from "../../domain/RateLimit.js"
import { Scopes } from "../../domain/Scope.js"

const flag = Schema.optionalWith(Schema.Boolean, { default: () => true })

const target = <A extends string, I extends string>(id: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(idInput(id)), { default: () => null })

const verification = { trackUsage: flag }

const validation = {
  ...verification,
  organizationId: target(OrganizationId),
  projectId: target(ProjectId),
  productId: target(ProductId),
  requiredScopes: Schema.optionalWith(Scopes, { default: () => [] }),
  checkRateLimit: flag,
  cost: Schema.optionalWith(Cost, { default: () => 1 })
}

const orNothing = (input: unknown): unknown => input ?? {}

const decodeGivenVerification = decodeInput(Schema.Struct(verification))
const decodeGivenValidation = decodeInput(Schema.Struct(validation))

/** Options of `verifyKey`, with defaults. */
export const decodeVerification = (input: unknown) => decodeGivenVerification(orNothing(input))

/** Options of `validateKey`, with defaults. */
export const decodeValidation = (input: unknown) => decodeGivenValidation(orNothing(input))
