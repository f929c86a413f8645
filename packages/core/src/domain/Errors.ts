import { Predicate, Schema } from "effect"
import { KeyId } from "./Ids.js"
import { RateLimitStatus } from "./RateLimitStatus.js"
import { escapeControls } from "./Rule.js"

/**
 * No key: malformed, of another deployment or environment, or unknown. Which of these is not told.
 *
 * @since 0.1.0
 */
export class InvalidKeyError extends Schema.TaggedError<InvalidKeyError>("@apikeys/core/InvalidKeyError")(
  "InvalidKeyError",
  {}
) {
  readonly code = "invalid_key"
  override get message() {
    return "The API key is invalid"
  }
}

/**
 * The key was good until `expiredAt`.
 *
 * @since 0.1.0
 */
export class ExpiredKeyError extends Schema.TaggedError<ExpiredKeyError>("@apikeys/core/ExpiredKeyError")(
  "ExpiredKeyError",
  { keyId: KeyId, expiredAt: Schema.ValidDateFromSelf }
) {
  readonly code = "expired_key"
  override get message() {
    return `The API key expired at ${this.expiredAt.toISOString()}`
  }
}

/**
 * The key was revoked at `revokedAt`.
 *
 * @since 0.1.0
 */
export class RevokedKeyError extends Schema.TaggedError<RevokedKeyError>("@apikeys/core/RevokedKeyError")(
  "RevokedKeyError",
  { keyId: KeyId, revokedAt: Schema.ValidDateFromSelf }
) {
  readonly code = "revoked_key"
  override get message() {
    return `The API key was revoked at ${this.revokedAt.toISOString()}`
  }
}

/**
 * The key was disabled at `disabledAt`; it may be enabled again.
 *
 * @since 0.1.0
 */
export class DisabledKeyError extends Schema.TaggedError<DisabledKeyError>("@apikeys/core/DisabledKeyError")(
  "DisabledKeyError",
  { keyId: KeyId, disabledAt: Schema.ValidDateFromSelf }
) {
  readonly code = "disabled_key"
  override get message() {
    return `The API key was disabled at ${this.disabledAt.toISOString()}`
  }
}

/**
 * The key is good, but not for what was asked. `constraint` says which part of the question it failed.
 *
 * @since 0.1.0
 */
export class KeyNotAllowedError extends Schema.TaggedError<KeyNotAllowedError>("@apikeys/core/KeyNotAllowedError")(
  "KeyNotAllowedError",
  { keyId: KeyId, constraint: Schema.Literal("organization", "project", "product") }
) {
  readonly code = "key_not_allowed"
  override get message() {
    return `The API key is not allowed for this ${this.constraint}`
  }
}

/**
 * The key lacks scopes; `missing` are those of `required` that it does not cover.
 *
 * @since 0.1.0
 */
export class InsufficientScopeError extends Schema.TaggedError<InsufficientScopeError>(
  "@apikeys/core/InsufficientScopeError"
)("InsufficientScopeError", {
  keyId: KeyId,
  required: Schema.Array(Schema.String),
  missing: Schema.Array(Schema.String)
}) {
  readonly code = "insufficient_scope"
  override get message() {
    return `The API key lacks the scope ${escapeControls(this.missing.join(" "))}`
  }
}

/**
 * A rate limit refused; the call cost nothing.
 *
 * @since 0.1.0
 */
export class QuotaError extends Schema.TaggedError<QuotaError>("@apikeys/core/QuotaError")("QuotaError", {
  keyId: KeyId,
  /** Whole seconds, at least 1; `null` where the cost could never fit, so that waiting does not help. */
  retryAfterSeconds: Schema.NullOr(Schema.Number),
  limits: Schema.Array(RateLimitStatus)
}) {
  readonly code = "quota_exceeded"
  override get message() {
    return this.retryAfterSeconds === null
      ? "The call costs more than a rate limit of the API key can ever admit"
      : `A rate limit of the API key is exhausted; retry in ${this.retryAfterSeconds} s`
  }
}

/** What carries a name that must be unique, or an id that can be absent. */
const Named = Schema.Literal("organization", "project", "product")

/**
 * A name is taken; `existingId` is its holder, so that a caller can go on with it.
 *
 * @since 0.1.0
 */
export class AlreadyExistsError extends Schema.TaggedError<AlreadyExistsError>("@apikeys/core/AlreadyExistsError")(
  "AlreadyExistsError",
  { entity: Named, existingName: Schema.String, existingId: Schema.String }
) {
  readonly code = "already_exists"
  override get message() {
    return `The ${this.entity} "${escapeControls(this.existingName)}" exists already`
  }
}

/**
 * Nothing is there. `id` is `null` where it was looked up by name.
 *
 * @since 0.1.0
 */
export class NotFoundError extends Schema.TaggedError<NotFoundError>("@apikeys/core/NotFoundError")("NotFoundError", {
  entity: Schema.Literal("organization", "project", "product", "key"),
  id: Schema.NullOr(Schema.String)
}) {
  readonly code = "not_found"
  override get message() {
    return this.id === null
      ? `There is no ${this.entity} of that name`
      : `There is no ${this.entity} ${escapeControls(this.id)}`
  }
}

/**
 * A delete was refused, since `keys` keys belong to it.
 *
 * @since 0.1.0
 */
export class InUseError extends Schema.TaggedError<InUseError>("@apikeys/core/InUseError")("InUseError", {
  entity: Named,
  id: Schema.String,
  keys: Schema.Number
}) {
  readonly code = "in_use"
  override get message() {
    return `The ${this.entity} ${this.id} still has ${this.keys} ${this.keys === 1 ? "key" : "keys"}`
  }
}

/**
 * An idempotency key came again, with other input than that of the key which it created: `existingId`.
 *
 * @since 0.1.0
 */
export class IdempotencyConflictError extends Schema.TaggedError<IdempotencyConflictError>(
  "@apikeys/core/IdempotencyConflictError"
)("IdempotencyConflictError", { existingId: KeyId }) {
  readonly code = "idempotency_conflict"
  override get message() {
    return "The idempotency key was used with other input before"
  }
}

/**
 * An import brings what another key has: its digest, or its id. Whose that is stays untold.
 *
 * @since 0.1.0
 */
export class KeyConflictError extends Schema.TaggedError<KeyConflictError>("@apikeys/core/KeyConflictError")(
  "KeyConflictError",
  { field: Schema.Literal("digest", "id") }
) {
  readonly code = "key_conflict"
  override get message() {
    return `Another API key has this ${this.field}`
  }
}

/**
 * Input that breaks a rule. Issues name the path and the rule, never the value: it may be a secret.
 *
 * @since 0.1.0
 */
export class InvalidInputError extends Schema.TaggedError<InvalidInputError>("@apikeys/core/InvalidInputError")(
  "InvalidInputError",
  { issues: Schema.Array(Schema.Struct({ path: Schema.String, rule: Schema.String })) }
) {
  readonly code = "invalid_input"
  override get message() {
    return escapeControls(this.issues.map(({ path, rule }) => (path === "" ? rule : `${path} ${rule}`)).join("; "))
  }
}

/**
 * The store could not answer; `retryable` tells whether the same call may succeed later. A call that timed
 * out may still have been carried out.
 *
 * @since 0.1.0
 */
export class StoreError extends Schema.TaggedError<StoreError>("@apikeys/core/StoreError")("StoreError", {
  operation: Schema.String,
  retryable: Schema.Boolean,
  /** Driver and code; never the driver's message, which may print rows. */
  reason: Schema.String
}) {
  readonly code = "store_unavailable"
  override get message() {
    return escapeControls(`The store could not answer ${this.operation}: ${this.reason}`)
  }
}

const classes = [
  InvalidKeyError,
  ExpiredKeyError,
  RevokedKeyError,
  DisabledKeyError,
  KeyNotAllowedError,
  InsufficientScopeError,
  QuotaError,
  AlreadyExistsError,
  NotFoundError,
  InUseError,
  KeyConflictError,
  IdempotencyConflictError,
  InvalidInputError,
  StoreError
] as const

/**
 * Every error of this library.
 *
 * @since 0.1.0
 */
export type ApiKeyError = InstanceType<(typeof classes)[number]>

/** What the errors of every copy of this package have: a process may load two, and their classes differ. */
const brand = Symbol.for("@apikeys/core/ApiKeyError")

for (const known of classes) Object.defineProperty(known.prototype, brand, { value: true })

/**
 * The catch-all: `error instanceof ApiKeyError` holds for every error of this library, of another copy of it as well.
 * `_tag` and `code` tell which one it is.
 *
 * @since 0.1.0
 */
export const ApiKeyError: { [Symbol.hasInstance](value: unknown): value is ApiKeyError } = {
  [Symbol.hasInstance]: (value: unknown): value is ApiKeyError => Predicate.hasProperty(value, brand)
}

/** Why a presented key is refused before it is authorized: it did not prove itself, or is not active. */
export type AuthenticationError = InvalidKeyError | ExpiredKeyError | RevokedKeyError | DisabledKeyError
