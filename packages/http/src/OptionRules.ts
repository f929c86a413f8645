import { Scope } from "@apikeys/core"
import { Predicate, Schema } from "effect"
import { isFailureLimit, isFailureLimitOptions } from "./FailureLimit.js"
import type { GuardOptions } from "./GuardOptions.js"
import { hasMembers, isWhole } from "./Members.js"
import { isToken } from "./Token.js"
import { isVerifierSource } from "./Verifier.js"

/** A rule of an option, and the words in which a value is refused. */
export interface OptionRule {
  readonly holds: (value: unknown) => boolean
  readonly words: string
  /** Whether a function of the request may give the value. */
  readonly perRequest?: true
  /** `false` where `undefined` is no way to leave the option out: what is not asked for would be given to everybody. */
  readonly mayBeMissing?: false
}

const isBoolean: OptionRule = { holds: Predicate.isBoolean, words: "is not true or false" }

const oneOf = (...values: ReadonlyArray<unknown>): OptionRule => ({
  holds: (value) => values.includes(value),
  words: `is not ${values.slice(0, -1).join(", ")} or ${values.at(-1)}`
})

const isId: OptionRule = {
  holds: (value) =>
    value === null || (typeof value === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)),
  words: "is not a UUID, or null to ask for none",
  perRequest: true,
  mayBeMissing: false
}

const isScope = Schema.is(Scope)

const isFieldNames = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= 8 &&
  value.every(isToken) &&
  new Set(["authorization", ...value.map((name: string) => name.toLowerCase())]).size === value.length + 1

/** A function, with members that are what they must be. */
const isReader = (value: unknown): boolean =>
  typeof value === "function" &&
  hasMembers(
    { ...value },
    {
      fields: (fields) => Array.isArray(fields) && fields.every(isToken),
      hide: (hide) => typeof hide === "function",
      securityScheme: Array.isArray
    }
  )

const isCredentials = (value: unknown): boolean =>
  hasMembers(value, { bearer: Predicate.isBoolean, headers: isFieldNames, read: isReader }) &&
  Predicate.isRecord(value) &&
  (value["bearer"] !== false ||
    (value["headers"] as ReadonlyArray<string>)?.length !== 0 ||
    value["read"] !== undefined)

/** The rule of every option. */
export const optionRules: { readonly [Name in keyof GuardOptions<never>]-?: OptionRule } = {
  client: {
    holds: isVerifierSource,
    words: "is not an ApiKeyClient or an Effect runtime with KeyVerifier",
    perRequest: true,
    mayBeMissing: false
  },
  credentials: {
    holds: isCredentials,
    words:
      "is not { bearer, headers, read }: true or false, at most 8 distinct field names besides Authorization, and a function; one is needed"
  },
  realm: {
    holds: (value) => typeof value === "string" && /^[\x20-\x7E]{1,255}$/.test(value),
    words: "is not 1 to 255 characters of printable ASCII"
  },
  challengeScheme: { holds: isToken, words: "is not the name of an authentication scheme" },
  revokedStatus: oneOf(401, 403),
  rateLimitHeaders: oneOf("draft-11", "draft-7", "legacy", "legacy-epoch", "none"),
  optional: isBoolean,
  hideCredentials: isBoolean,
  preflight: oneOf("answer", "pass"),
  rotationHeader: isBoolean,
  failureLimit: {
    holds: (value) => isFailureLimit(value) || isFailureLimitOptions(value),
    words: "is not a FailureLimit or { requests, window, maxClients }"
  },
  organizationId: isId,
  projectId: isId,
  productId: isId,
  requiredScopes: {
    holds: (value) => Array.isArray(value) && value.length <= 100 && value.every((scope) => isScope(scope)),
    words: "is not a list of at most 100 scopes",
    perRequest: true,
    mayBeMissing: false
  },
  cost: {
    holds: (value) => isWhole(value, 0, Number.MAX_SAFE_INTEGER),
    words: "is not a whole number from 0 to 2^53 - 1",
    perRequest: true
  },
  checkRateLimit: { ...isBoolean, perRequest: true },
  trackUsage: { ...isBoolean, perRequest: true }
}
