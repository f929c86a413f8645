import { Schema } from "effect"
import { KeyId, OrganizationId, ProductId, ProjectId } from "./Ids.js"
import { Instant } from "./Instant.js"
import type { Metadata } from "./Metadata.js"
import { RateLimit } from "./RateLimit.js"
import { Scope } from "./Scope.js"

/** Metadata of an entity: checked where it came in, so only its kind is looked at here. */
const StoredMetadata = Schema.declare((value): value is Metadata => typeof value === "object" && value !== null)

/**
 * A key as it is kept: everything but its plaintext, which nobody keeps.
 *
 * @since 0.1.0
 */
export class ApiKey extends Schema.Class<ApiKey>("@apikeys/core/ApiKey")({
  id: KeyId,
  organizationId: OrganizationId,
  /** The project that the key is narrowed to, if any. */
  projectId: Schema.NullOr(ProjectId),
  /** The product that the key is narrowed to, if any. */
  productId: Schema.NullOr(ProductId),
  name: Schema.NullOr(Schema.String),
  /** The head and four characters, for people to tell keys apart: `myapp_live_AbCd…`. */
  hint: Schema.String,
  scopes: Schema.Array(Scope),
  rateLimits: Schema.Array(RateLimit),
  metadata: StoredMetadata,
  /** The first moment at which the key no longer verifies. */
  expiresAt: Schema.NullOr(Instant),
  revokedAt: Schema.NullOr(Instant),
  revokedReason: Schema.NullOr(Schema.String),
  /** Since when it is disabled; `null` while it is not. */
  disabledAt: Schema.NullOr(Instant),
  disabledReason: Schema.NullOr(Schema.String),
  /** How many calls verified it. */
  useCount: Schema.Number,
  lastUsedAt: Schema.NullOr(Instant),
  createdAt: Instant,
  /** When its record was last changed; use does not count. */
  updatedAt: Instant
}) {}

/** The fields of a key. */
type Fields = { -readonly [Field in keyof ApiKey]: ApiKey[Field] }

const Stored = function (this: Fields, fields: Fields) {
  this.id = fields.id
  this.organizationId = fields.organizationId
  this.projectId = fields.projectId
  this.productId = fields.productId
  this.name = fields.name
  this.hint = fields.hint
  this.scopes = fields.scopes
  this.rateLimits = fields.rateLimits
  this.metadata = fields.metadata
  this.expiresAt = fields.expiresAt
  this.revokedAt = fields.revokedAt
  this.revokedReason = fields.revokedReason
  this.disabledAt = fields.disabledAt
  this.disabledReason = fields.disabledReason
  this.useCount = fields.useCount
  this.lastUsedAt = fields.lastUsedAt
  this.createdAt = fields.createdAt
  this.updatedAt = fields.updatedAt
} as unknown as new (
  fields: Fields
) => ApiKey
Stored.prototype = ApiKey.prototype

/**
 * A key of fields that were checked when they were stored: what the class does beyond taking them takes longer than the rest
 * of a verification.
 *
 * @since 0.1.0
 */
export const storedKey = (fields: Fields): ApiKey => new Stored(fields)

/** A key whose metadata has the type of an application's own schema. */
export type ApiKeyOf<M> = Omit<ApiKey, "metadata"> & { readonly metadata: M }

/**
 * Revoked where `revokedAt` is set, whatever the expiry; else expired from `expiresAt` on; else disabled where
 * `disabledAt` is set; else active. What no `enableKey` can undo goes first.
 *
 * @since 0.1.0
 */
export type KeyStatus = "active" | "disabled" | "revoked" | "expired"

/**
 * The status of a key at a time.
 *
 * @param now milliseconds since the epoch
 * @since 0.1.0
 */
export const keyStatus = (key: Pick<ApiKey, "disabledAt" | "expiresAt" | "revokedAt">, now: number): KeyStatus => {
  if (key.revokedAt !== null) return "revoked"
  if (key.expiresAt !== null && key.expiresAt.epochMillis <= now) return "expired"
  return key.disabledAt === null ? "active" : "disabled"
}
