import { Redacted } from "effect"
import { type ApiKeyOf, keyStatus } from "../domain/ApiKey.js"
import type { Instant } from "../domain/Instant.js"
import type { Organization } from "../domain/Organization.js"
import type { Page } from "../domain/Page.js"
import type { Product } from "../domain/Product.js"
import type { Project } from "../domain/Project.js"
import type { RateLimitStatus } from "../domain/RateLimitStatus.js"
import type { SigningSecretReport } from "../domain/SigningSecret.js"
import type { CreatedKey, ReplayedKey, RotatedKey } from "../services/keys/ApiKeysService.js"
import type { Verification } from "../services/verifier/Verifications.js"
import type { KeyData, OrganizationData, ProjectData, RotatedKeyData, VerifiedKeyData } from "./ClientTypes.js"

// What leaves the client is plain, frozen all the way down, and holds no Date that anything else holds.

const date = (instant: Instant): Date => new Date(instant.epochMillis)

const dateOrNull = (instant: Instant | null): Date | null => (instant === null ? null : date(instant))

/** Freezes plain objects and arrays; what a schema made of metadata beyond these is left as it is. */
const freezeDeep = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  for (const member of Object.values(value)) freezeDeep(member)
  return Object.freeze(value)
}

export const plainOrganization = ({ createdAt, id, name }: Organization): OrganizationData =>
  Object.freeze({ id, name, createdAt: date(createdAt) })

/** A project or a product: they look alike. */
export const plainOwned = ({ createdAt, id, name, organizationId }: Project | Product): ProjectData =>
  Object.freeze({ id, organizationId, name, createdAt: date(createdAt) })

export const plainKey = <M>(key: ApiKeyOf<M>): KeyData<M> =>
  Object.freeze({
    id: key.id,
    organizationId: key.organizationId,
    projectId: key.projectId,
    productId: key.productId,
    name: key.name,
    hint: key.hint,
    status: keyStatus(key, Date.now()),
    scopes: freezeDeep([...key.scopes]),
    rateLimits: freezeDeep(key.rateLimits.map((limit) => ({ ...limit }))),
    metadata: freezeDeep(key.metadata),
    expiresAt: dateOrNull(key.expiresAt),
    revokedAt: dateOrNull(key.revokedAt),
    revokedReason: key.revokedReason,
    disabledAt: dateOrNull(key.disabledAt),
    disabledReason: key.disabledReason,
    useCount: key.useCount,
    lastUsedAt: dateOrNull(key.lastUsedAt),
    createdAt: date(key.createdAt),
    updatedAt: date(key.updatedAt)
  })

export const plainLimits = (limits: ReadonlyArray<RateLimitStatus>): ReadonlyArray<RateLimitStatus> =>
  freezeDeep(limits.map((limit) => ({ ...limit })))

export const plainRotated = <M>({ key, plaintext, supersededUntil }: RotatedKey<M>): RotatedKeyData<M> =>
  Object.freeze({
    key: plainKey(key),
    plaintext: Redacted.value(plaintext),
    supersededUntil: dateOrNull(supersededUntil)
  })

export const plainReport = (report: SigningSecretReport): SigningSecretReport => freezeDeep({ ...report })

const dateOf = (millis: number | null): Date | null => (millis === null ? null : new Date(millis))

/**
 * What the Promise client gives for what `KeyVerifier.attempt` gave: for adapters.
 *
 * @since 0.1.0
 */
// Of a record, whose parts are frozen throughout, but for its times. It verified, so it is active.
export const plainVerification = <M>(verification: Verification): VerifiedKeyData<M> => {
  const { lastUsedAt, limits, metadata, record, useCount } = verification
  const key: KeyData<M> = {
    id: record.id,
    organizationId: record.organizationId,
    projectId: record.projectId,
    productId: record.productId,
    name: record.name,
    hint: record.hint,
    status: "active",
    scopes: record.scopes,
    rateLimits: record.rateLimits,
    // The client's own word for what its schema makes of it.
    metadata: freezeDeep(metadata) as M,
    expiresAt: dateOf(record.expiresAt),
    revokedAt: null,
    revokedReason: null,
    disabledAt: null,
    disabledReason: null,
    useCount,
    lastUsedAt: dateOf(lastUsedAt),
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt)
  }
  for (const limit of limits) Object.freeze(limit)
  return Object.freeze({
    key: Object.freeze(key),
    limits: Object.freeze(limits),
    supersededAt: dateOf(record.supersededAt),
    supersededUntil: dateOf(record.supersededUntil)
  })
}

export const plainCreated = <M>({ key, plaintext }: CreatedKey<M> | ReplayedKey<M>) =>
  Object.freeze({ key: plainKey(key), plaintext: plaintext === null ? null : Redacted.value(plaintext) })

export const plainPage =
  <A, B>(plain: (item: A) => B) =>
  ({ items, nextCursor }: Page<A>): Page<B> =>
    Object.freeze({ items: Object.freeze(items.map(plain)), nextCursor })
