import type { QuotaError } from "@apikeys/core"
import { type ChallengeParameters, challenge } from "./Challenge.js"
import { type GuardError, isGuardError } from "./GuardError.js"
import type { HeaderFields } from "./HeaderFields.js"
import { isProblemError, ProblemError } from "./ProblemError.js"
import { type RateLimitDialect, rateLimitFields } from "./RateLimitFields.js"
import { maxInteger } from "./StructuredField.js"
import { dateOf } from "./Timestamp.js"

/**
 * How problems are told.
 *
 * @since 0.1.0
 */
export interface ProblemOptions {
  /** The realm of challenges, of printable ASCII. Default `api`. */
  readonly realm?: string | undefined
  /** The scheme of challenges where `Authorization: Bearer` is not accepted. Default `ApiKey`. */
  readonly challengeScheme?: string | undefined
  /** The status for a revoked or disabled key; 401 is the reading of RFC 6750. Default 403. */
  readonly revokedStatus?: 401 | 403 | undefined
  /** Default `draft-11`. */
  readonly rateLimitHeaders?: RateLimitDialect | undefined
}

/**
 * The options as they are used: checked, and made, by `problemSettings`.
 *
 * @since 0.1.0
 */
export interface ProblemSettings {
  readonly realm: string
  /** Of challenges: `Bearer`, or what is named instead of it. */
  readonly scheme: string
  readonly revokedStatus: 401 | 403
  readonly rateLimitHeaders: RateLimitDialect
}

/** What sets one error apart from others: everything else follows from it. */
interface Outcome {
  readonly status: keyof typeof phrases
  /** `null` for a challenge that says nothing but scheme and realm. */
  readonly challenge?: ChallengeParameters | null
  readonly retryAfterSeconds?: number | null
  readonly fields?: HeaderFields
  readonly type?: readonly [uri: string, title: string]
  /** Default: the error's message. */
  readonly detail?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** Recommended phrases of RFC 9110, section 15: the titles of problems without a type of their own. */
const phrases = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  503: "Service Unavailable"
} as const

/** Section 5 of draft-ietf-httpapi-ratelimit-headers-11. */
const quotaExceeded = [
  "https://iana.org/assignments/http-problem-types#quota-exceeded",
  "Request cannot be satisfied as assigned quota has been exceeded"
] as const
const abnormalUsage = [
  "https://iana.org/assignments/http-problem-types#abnormal-usage-detected",
  "Request not satisfied due to detection of abnormal request pattern"
] as const

/** Nobody knows how long a store will be down; long enough for callers not to add to its trouble. */
const storeRetrySeconds = 5

type Outcomes = {
  readonly [Tag in GuardError["_tag"]]: (
    error: Extract<GuardError, { readonly _tag: Tag }>,
    settings: ProblemSettings
  ) => Outcome
}

const outcomes: Outcomes = {
  MissingCredentialError: () => ({ status: 401, challenge: null }),
  MalformedCredentialError: () => ({ status: 400, challenge: { error: "invalid_request" } }),
  TooManyFailuresError: ({ retryAfterSeconds }) => ({
    status: 429,
    retryAfterSeconds,
    type: abnormalUsage,
    data: { retryAfterSeconds }
  }),
  InvalidKeyError: ({ message }) => ({ status: 401, challenge: { error: "invalid_token", description: message } }),
  ExpiredKeyError: ({ expiredAt, keyId, message }) => ({
    status: 401,
    challenge: { error: "invalid_token", description: message },
    data: { keyId, expiredAt: dateOf(expiredAt) }
  }),
  RevokedKeyError: ({ keyId, revokedAt }, { revokedStatus }) => ({
    status: revokedStatus,
    ...(revokedStatus === 401 && { challenge: { error: "invalid_token" } }),
    data: { keyId, revokedAt: dateOf(revokedAt) }
  }),
  DisabledKeyError: ({ disabledAt, keyId }, { revokedStatus }) => ({
    status: revokedStatus,
    ...(revokedStatus === 401 && { challenge: { error: "invalid_token" } }),
    data: { keyId, disabledAt: dateOf(disabledAt) }
  }),
  KeyNotAllowedError: ({ constraint, keyId }) => ({ status: 403, data: { keyId, constraint } }),
  InsufficientScopeError: ({ keyId, missing, required }) => ({
    status: 403,
    challenge: { error: "insufficient_scope", scopes: required },
    data: { keyId, required, missing }
  }),
  QuotaError: (error, settings) => quotaOutcome(error, settings),
  // Neither operation nor reason: they name the store.
  StoreError: () => ({
    status: 503,
    retryAfterSeconds: storeRetrySeconds,
    detail: "The service cannot answer right now"
  }),
  InvalidInputError: ({ issues }) => ({ status: 400, data: { issues } }),
  NotFoundError: ({ entity, id }) => ({ status: 404, data: { entity, id } }),
  AlreadyExistsError: ({ entity, existingId, existingName }) => ({
    status: 409,
    // The holder of an organization's name is another tenant.
    data: entity === "organization" ? { entity, existingName } : { entity, existingName, existingId }
  }),
  InUseError: ({ entity, id, keys }) => ({ status: 409, data: { entity, id, keys } }),
  KeyConflictError: ({ field }) => ({ status: 409, data: { field } }),
  // Section 2.7 of draft-ietf-httpapi-idempotency-key-header-07.
  IdempotencyConflictError: ({ existingId }) => ({ status: 422, data: { existingId } })
}

const quotaOutcome = (error: QuotaError, { rateLimitHeaders }: ProblemSettings): Outcome => {
  const { keyId, limits, retryAfterSeconds } = error
  const violated = limits.filter((limit) => limit.retryAfterSeconds !== 0)
  return {
    status: 429,
    retryAfterSeconds,
    fields: rateLimitFields(rateLimitHeaders, limits, true),
    type: quotaExceeded,
    data: { "violated-policies": violated.map(({ name }) => name), keyId, retryAfterSeconds, limits }
  }
}

/** The answer to an error. */
export const toProblem = (error: GuardError, settings: ProblemSettings): ProblemError => {
  const outcomeOf = outcomes[error._tag] as (error: GuardError, settings: ProblemSettings) => Outcome
  const outcome = outcomeOf(error, settings)
  const [type, title] = outcome.type ?? ["about:blank", phrases[outcome.status]]
  const { detail = error.message, status } = outcome
  return new ProblemError(
    { type, title, status, detail, code: error.code, ...outcome.data },
    fieldsOf(outcome, settings),
    error
  )
}

const fieldsOf = (outcome: Outcome, { realm, scheme }: ProblemSettings): HeaderFields => {
  const fields: Array<readonly [string, string]> = []
  if (outcome.challenge !== undefined) {
    fields.push(["WWW-Authenticate", challenge(scheme, realm, outcome.challenge ?? undefined)])
  }
  if (typeof outcome.retryAfterSeconds === "number") {
    // A bucket that refills slowly can ask for longer than there are digits, which `RateLimit` must tell alike.
    fields.push(["Retry-After", String(Math.min(maxInteger, outcome.retryAfterSeconds))])
  }
  if (outcome.fields !== undefined) fields.push(...outcome.fields)
  fields.push(["Cache-Control", "no-store"])
  return fields
}

/**
 * The answer to whatever was thrown, for errors of this library; `null` for any other. What a problem tells never names
 * the store, a digest or another tenant.
 *
 * @since 0.1.0
 */
export const problemOf = (error: unknown, settings: ProblemSettings): ProblemError | null => {
  if (isGuardError(error)) return toProblem(error, settings)
  return error instanceof Error && isProblemError(error) ? error : null
}
