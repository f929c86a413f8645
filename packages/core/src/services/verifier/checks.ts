import {
  type AccessTarget,
  failedConstraint,
  linksInQuestion,
  type Membership,
  ownersInQuestion
} from "../../domain/Access.js"
import {
  type DisabledKeyError,
  type ExpiredKeyError,
  InsufficientScopeError,
  InvalidKeyError,
  KeyNotAllowedError,
  type RevokedKeyError
} from "../../domain/Errors.js"
import { endingError, endingOf } from "../../domain/KeyEnding.js"
import { missingScopes, type Scope } from "../../domain/Scope.js"
import type { KeyRecord } from "./KeyRecord.js"

/** What a call asks a key to be good for. */
export interface Question extends AccessTarget {
  readonly requiredScopes: ReadonlyArray<Scope>
}

/** Whether one has to know to whom a project or a product belongs, or whether the two are linked. */
export const asksForTenants = (key: Parameters<typeof linksInQuestion>[0], target: AccessTarget): boolean => {
  if (target.projectId === null && target.productId === null) return false
  const { productId, projectId } = ownersInQuestion(key, target)
  return projectId !== null || productId !== null || linksInQuestion(key, target).length > 0
}

export const noMembership: Membership = { projectOrganizationId: null, productOrganizationId: null, linked: [] }

/**
 * Why a key is not active; `null` where it is. A key whose holder proved the secret may be told its state; an old secret
 * whose overlap has ended proves nothing any more.
 */
export const failedStatus = (
  record: KeyRecord,
  now: number
): InvalidKeyError | ExpiredKeyError | RevokedKeyError | DisabledKeyError | null => {
  if (record.validUntil !== null && record.validUntil <= now) return new InvalidKeyError()
  const ending = endingOf(record, now)
  return ending === null ? null : endingError(record.id, ending)
}

/** Why a key is not good for what a call asks; `null` where it is: organization, project, product, then scopes. */
export const failedQuestion = (
  record: KeyRecord,
  question: Question,
  membership: Membership
): KeyNotAllowedError | InsufficientScopeError | null => {
  const constraint = failedConstraint(record, question, membership)
  if (constraint !== null) return new KeyNotAllowedError({ keyId: record.id, constraint })
  const { requiredScopes } = question
  if (requiredScopes.length === 0) return null
  const missing = missingScopes(record.scopes, requiredScopes)
  return missing.length === 0
    ? null
    : new InsufficientScopeError({ keyId: record.id, required: requiredScopes, missing })
}
