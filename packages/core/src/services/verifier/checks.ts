import { type AccessTarget, failedConstraint, type Membership } from "../../domain/Access.js"
import { ExpiredKeyError, InsufficientScopeError, KeyNotAllowedError, RevokedKeyError } from "../../domain/Errors.js"
import { missingScopes, type Scope } from "../../domain/Scope.js"
import type { KeyRecord } from "./KeyRecord.js"

/** What a call asks a key to be good for. */
export interface Question extends AccessTarget {
  readonly requiredScopes: ReadonlyArray<Scope>
}

/** Whether a question is about projects or products, so that one has to know to whom these belong. */
export const asksForTenants = ({ productId, projectId }: AccessTarget): boolean =>
  productId !== null || projectId !== null

export const noMembership: Membership = { projectOrganizationId: null, productOrganizationId: null, linked: [] }

/** Why a key is not active; `null` where it is. A key whose holder proved the secret may be told its state. */
export const failedStatus = (
  { expiresAt, id: keyId, revokedAt }: KeyRecord,
  now: number
): ExpiredKeyError | RevokedKeyError | null => {
  if (revokedAt !== null) return new RevokedKeyError({ keyId, revokedAt: new Date(revokedAt) })
  return expiresAt !== null && expiresAt <= now ? new ExpiredKeyError({ keyId, expiredAt: new Date(expiresAt) }) : null
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
