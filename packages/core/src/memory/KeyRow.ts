import { DateTime, Either, Encoding } from "effect"
import { ApiKey } from "../domain/ApiKey.js"
import type { KeyId, OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import type { Metadata } from "../domain/Metadata.js"
import type { RateLimit } from "../domain/RateLimit.js"
import type { Scope } from "../domain/Scope.js"
import type { KeyPatch, NewKey } from "../ports/KeyStore.js"

/** A key as it is kept. Frozen throughout and without a part that a caller holds, so nothing changes it. */
export interface KeyRow {
  readonly id: KeyId
  readonly organizationId: OrganizationId
  readonly projectId: ProjectId | null
  readonly productId: ProductId | null
  readonly name: string | null
  readonly hint: string
  readonly scopes: ReadonlyArray<Scope>
  readonly rateLimits: ReadonlyArray<RateLimit>
  readonly metadata: Metadata
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly revokedReason: string | null
  readonly disabledAt: number | null
  readonly disabledReason: string | null
  readonly useCount: number
  readonly lastUsedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
  readonly idempotencyKey: string | null
  /** In hexadecimal. */
  readonly idempotencyDigest: string | null
}

/** The row of a new key. */
export const fromKey = ({ idempotencyDigest, idempotencyKey, key }: NewKey): KeyRow =>
  Object.freeze({
    id: key.id,
    organizationId: key.organizationId,
    projectId: key.projectId,
    productId: key.productId,
    name: key.name,
    hint: key.hint,
    scopes: copyScopes(key.scopes),
    rateLimits: copyRateLimits(key.rateLimits),
    metadata: copyMetadata(key.metadata),
    expiresAt: toMillis(key.expiresAt),
    revokedAt: toMillis(key.revokedAt),
    revokedReason: key.revokedReason,
    disabledAt: toMillis(key.disabledAt),
    disabledReason: key.disabledReason,
    useCount: key.useCount,
    lastUsedAt: toMillis(key.lastUsedAt),
    createdAt: key.createdAt.epochMillis,
    updatedAt: key.updatedAt.epochMillis,
    idempotencyKey,
    idempotencyDigest: idempotencyDigest === null ? null : Encoding.encodeHex(idempotencyDigest)
  })

/** The digest of the input that made the key, where there is one. */
export const idempotencyDigestOf = ({ idempotencyDigest }: KeyRow): Uint8Array | null =>
  idempotencyDigest === null ? null : Either.getOrThrow(Encoding.decodeHex(idempotencyDigest))

/** The key of a row, with dates of its own: a `DateTime` cannot be frozen, since it caches its parts. */
export const toKey = (row: KeyRow): ApiKey =>
  new ApiKey(
    {
      id: row.id,
      organizationId: row.organizationId,
      projectId: row.projectId,
      productId: row.productId,
      name: row.name,
      hint: row.hint,
      scopes: row.scopes,
      rateLimits: row.rateLimits,
      metadata: row.metadata,
      expiresAt: toInstant(row.expiresAt),
      revokedAt: toInstant(row.revokedAt),
      revokedReason: row.revokedReason,
      disabledAt: toInstant(row.disabledAt),
      disabledReason: row.disabledReason,
      useCount: row.useCount,
      lastUsedAt: toInstant(row.lastUsedAt),
      createdAt: DateTime.unsafeMake(row.createdAt),
      updatedAt: DateTime.unsafeMake(row.updatedAt)
    },
    { disableValidation: true }
  )

/** The row with the fields of a patch. */
export const patchRow = (row: KeyRow, patch: KeyPatch, at: Instant): KeyRow =>
  Object.freeze({
    ...row,
    name: patch.name === undefined ? row.name : patch.name,
    scopes: patch.scopes === undefined ? row.scopes : copyScopes(patch.scopes),
    rateLimits: patch.rateLimits === undefined ? row.rateLimits : copyRateLimits(patch.rateLimits),
    metadata: patch.metadata === undefined ? row.metadata : copyMetadata(patch.metadata),
    expiresAt: patch.expiresAt === undefined ? row.expiresAt : toMillis(patch.expiresAt),
    updatedAt: at.epochMillis
  })

const toMillis = (instant: Instant | null): number | null => (instant === null ? null : instant.epochMillis)

export const toInstant = (millis: number | null): Instant | null =>
  millis === null ? null : DateTime.unsafeMake(millis)

const copyScopes = (scopes: ReadonlyArray<Scope>) => Object.freeze([...scopes])

const copyRateLimits = (limits: ReadonlyArray<RateLimit>) =>
  Object.freeze(limits.map((limit) => Object.freeze({ ...limit })))

/** By way of JSON, as a database keeps it. */
const copyMetadata = (metadata: Metadata): Metadata =>
  JSON.parse(JSON.stringify(metadata), (_, value) =>
    typeof value === "object" && value !== null ? Object.freeze(value) : value
  )
