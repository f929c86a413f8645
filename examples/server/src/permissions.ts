import { InsufficientScopeError, type KeyData, KeyId, missingScopes, type RateLimit } from "@apikeys/core"
import { HttpError } from "./http/problems.js"
import type { Operators } from "./operators.js"

/** What a key of an operator may be good for. The first admin key has `*`. */
export const operatorScopes = {
  read: "management:read",
  write: "management:write",
  operators: "operators:write",
  rotate: "keys:rotate",
  verify: "verify"
} as const

/** What the OpenAPI document says of each. */
export const scopeDescriptions = {
  [operatorScopes.read]: "read everything but plaintexts",
  [operatorScopes.write]: "create, change and end organizations, projects, products, links and keys of customers",
  [operatorScopes.operators]:
    "besides `management:write`: create, change, rotate and end keys of operators, within the bounds of the own key",
  [operatorScopes.rotate]: "besides `management:write`: rotate keys of customers, which shows the new plaintext",
  [operatorScopes.verify]: "verify keys, and charge their limits"
} as const

/** What the document says of an operation that may concern a key of an operator. */
export const ofOperators = `A key of an operator needs the scope \`${operatorScopes.operators}\` besides.`

/** What bounds a key. */
interface Bounds {
  readonly scopes?: ReadonlyArray<string> | null | undefined
  readonly expiresAt?: Date | null | undefined
  readonly rateLimits?: ReadonlyArray<RateLimit> | null | undefined
}

interface Owned {
  readonly organizationId: string
}

const isOfOperator = (operators: Operators, key: Owned): boolean => key.organizationId === operators.organizationId

const demandScopes = (caller: KeyData, required: ReadonlyArray<string>): void => {
  const missing = missingScopes(caller.scopes, required)
  if (missing.length > 0) throw new InsufficientScopeError({ keyId: KeyId.make(caller.id), required, missing })
}

/** Whether a limit admits no more than another; limits of different kinds are not compared. */
const isWithin = (limit: RateLimit, bound: RateLimit): boolean =>
  limit.name === bound.name &&
  limit.algorithm === bound.algorithm &&
  limit.window === bound.window &&
  limit.requests <= bound.requests &&
  (limit.burst ?? 0) <= (bound.burst ?? 0)

/** Refuses a key that may do more, lives longer or is limited less than the caller's. */
const refuseBeyond = (caller: KeyData, { expiresAt = null, rateLimits, scopes }: Bounds): void => {
  demandScopes(caller, scopes ?? [])
  if (caller.expiresAt !== null && (expiresAt === null || expiresAt > caller.expiresAt)) {
    throw new HttpError(403, "beyond_own_key", "The key would live longer than the one that the call was made with")
  }
  if (!caller.rateLimits.every((bound) => rateLimits?.some((limit) => isWithin(limit, bound)))) {
    throw new HttpError(403, "beyond_own_key", "The key would be limited less than the one that the call was made with")
  }
}

/** Refuses to create a key of an operator beyond the caller's own bounds. Keys of customers have bounds of their own. */
export const refuseToCreate = (operators: Operators, caller: KeyData, key: Owned & Bounds): void => {
  if (!isOfOperator(operators, key)) return
  demandScopes(caller, [operatorScopes.operators])
  refuseBeyond(caller, key)
}

/**
 * Refuses to change or end the key that the call is made with, and a key of an operator that is, or would become,
 * more than the caller's own.
 */
export const refuseToChange = (operators: Operators, caller: KeyData, key: KeyData, changes: Bounds = {}): void => {
  if (key.id === caller.id) {
    throw new HttpError(403, "own_key", "A key cannot change itself: another operator's key has to")
  }
  if (!isOfOperator(operators, key)) return
  demandScopes(caller, [operatorScopes.operators])
  refuseBeyond(caller, key)
  refuseBeyond(caller, { ...key, ...changes })
}

/** Refuses to rotate a key: the answer has its new plaintext, with which the caller could pass for its holder. */
export const refuseToRotate = (operators: Operators, caller: KeyData, key: KeyData): void => {
  refuseToChange(operators, caller, key)
  if (!isOfOperator(operators, key)) demandScopes(caller, [operatorScopes.rotate])
}

/** Refuses to start the limits of an operator's key afresh where the caller's own are not to be: two could help each other. */
export const refuseToReset = (operators: Operators, caller: KeyData, key: KeyData): void => {
  refuseToChange(operators, caller, key)
  if (isOfOperator(operators, key) && caller.rateLimits.length > 0) {
    throw new HttpError(403, "beyond_own_key", "An operator whose own key is limited resets no operator's limits")
  }
}
