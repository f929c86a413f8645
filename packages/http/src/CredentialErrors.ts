import { Predicate, Schema } from "effect"

/**
 * The request presents no key.
 *
 * @since 0.1.0
 */
export class MissingCredentialError extends Schema.TaggedError<MissingCredentialError>(
  "@apikeys/http/MissingCredentialError"
)("MissingCredentialError", {}) {
  readonly code = "missing_credential"
  override get message() {
    return "The request carries no API key"
  }
}

/**
 * The request presents keys in a way that cannot be understood: two of them, a field twice, `Bearer` without any.
 *
 * @since 0.1.0
 */
export class MalformedCredentialError extends Schema.TaggedError<MalformedCredentialError>(
  "@apikeys/http/MalformedCredentialError"
)("MalformedCredentialError", {
  /** A sentence for people; it repeats nothing of what was sent. */
  reason: Schema.String
}) {
  readonly code = "invalid_request"
  override get message() {
    return this.reason
  }
}

/**
 * Too many unknown keys came from the client's address; nothing was looked up.
 *
 * @since 0.1.0
 */
export class TooManyFailuresError extends Schema.TaggedError<TooManyFailuresError>(
  "@apikeys/http/TooManyFailuresError"
)("TooManyFailuresError", {
  /** Whole seconds, at least 1. */
  retryAfterSeconds: Schema.Number
}) {
  readonly code = "too_many_failures"
  override get message() {
    return `Too many unknown API keys came from this address; retry in ${this.retryAfterSeconds} s`
  }
}

/** Why a request is refused before its key is looked up. */
export type CredentialError = MissingCredentialError | MalformedCredentialError | TooManyFailuresError

/** What these errors of every copy of this package have: a process may load two, and their classes differ. */
const brand = Symbol.for("@apikeys/http/CredentialError")

for (const known of [MissingCredentialError, MalformedCredentialError, TooManyFailuresError]) {
  Object.defineProperty(known.prototype, brand, { value: true })
}

export const isCredentialError = (value: unknown): value is CredentialError => Predicate.hasProperty(value, brand)
