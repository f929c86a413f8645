import { Either, Schema } from "effect"
import type { InvalidInputError } from "../../domain/Errors.js"
import { decodeInputEither } from "../../domain/Input.js"
import { Cost } from "../../domain/RateLimit.js"
import { Scopes } from "../../domain/Scope.js"
import { orNone, owner } from "../keys/input.js"
import { readPlainOptions } from "./plainOptions.js"
import type { ValidateKeyOptions } from "./ValidateKeyOptions.js"
import type { Validation } from "./Validation.js"

const flag = Schema.optionalWith(Schema.Boolean, { default: () => true })

const verification = { trackUsage: flag }

const validation = {
  ...verification,
  ...owner,
  requiredScopes: orNone(Scopes),
  checkRateLimit: flag,
  cost: Schema.optionalWith(Cost, { default: () => 1 })
}

const decodeGivenVerification = decodeInputEither(Schema.Struct(verification))
const decodeGivenValidation = decodeInputEither(Schema.Struct(validation))

/** Options of `validateKey` as the schema reads them. */
export const decodeBySchema = (input: unknown): Validation | InvalidInputError => {
  const decoded = decodeGivenValidation(input)
  if (Either.isLeft(decoded)) return decoded.left
  return { ...decoded.right, requiredScopes: decoded.right.requiredScopes ?? [] }
}

const standard: Validation = Object.freeze({
  organizationId: null,
  projectId: null,
  productId: null,
  requiredScopes: Object.freeze([]),
  trackUsage: true,
  checkRateLimit: true,
  cost: 1
})

/** `verifyKey` asks for nothing and charges nothing. */
const counted: Validation = Object.freeze({ ...standard, checkRateLimit: false })
const uncounted: Validation = Object.freeze({ ...counted, trackUsage: false })

/** Options of `verifyKey`, with defaults. */
export const decodeVerification = (input: unknown): Validation | InvalidInputError => {
  if (input === undefined || input === null) return counted
  const decoded = decodeGivenVerification(input)
  if (Either.isLeft(decoded)) return decoded.left
  return decoded.right.trackUsage ? counted : uncounted
}

/** What options of `verifyKey` ask, as options of `validateKey`. */
export const asValidationOptions = (input: unknown): ValidateKeyOptions | InvalidInputError => {
  const asked = decodeVerification(input)
  if (asked instanceof Error) return asked
  return { trackUsage: asked.trackUsage, checkRateLimit: false }
}

/**
 * Options of `validateKey`, with defaults. Those of the usual form are read without the schema, which takes longer than
 * the rest of a verification; the schema has the last word on all others.
 */
export const decodeValidation = (input: unknown): Validation | InvalidInputError => {
  if (input === undefined || input === null) return standard
  const plain = readPlainOptions(input)
  if (plain !== null) return plain
  return decodeBySchema(input)
}
