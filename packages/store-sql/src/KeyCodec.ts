import { ApiKey, type KeyPatch } from "@apikeys/core"
import { Schema } from "effect"
import type { Dialect } from "./Dialect.js"

/** Turns keys into rows and back. */
export const makeKeyCodec = (dialect: Dialect) => {
  const { json, rows } = dialect
  const decodeRow = Schema.decodeUnknownSync(rows.Key)
  const encodeRow = Schema.encodeSync(rows.Key)
  const encodePatch = Schema.encodeSync(Schema.partial(rows.Key))

  /** The row was just decoded, so the entity does not check it once more. */
  const decode = (row: unknown): ApiKey => {
    const columns = decodeRow(row)
    const fields = {
      id: columns.id,
      organizationId: columns.organization_id,
      projectId: columns.project_id,
      productId: columns.product_id,
      name: columns.name,
      hint: columns.hint,
      scopes: columns.scopes,
      rateLimits: columns.rate_limits,
      metadata: columns.metadata,
      expiresAt: columns.expires_at,
      revokedAt: columns.revoked_at,
      revokedReason: columns.revoked_reason,
      useCount: columns.use_count,
      lastUsedAt: columns.last_used_at,
      createdAt: columns.created_at,
      updatedAt: columns.updated_at
    }
    return new ApiKey(fields, true)
  }

  const encode = (key: ApiKey) =>
    encodeRow({
      id: key.id,
      organization_id: key.organizationId,
      project_id: key.projectId,
      product_id: key.productId,
      name: key.name,
      hint: key.hint,
      scopes: key.scopes,
      rate_limits: key.rateLimits,
      metadata: key.metadata,
      expires_at: key.expiresAt,
      revoked_at: key.revokedAt,
      revoked_reason: key.revokedReason,
      use_count: key.useCount,
      last_used_at: key.lastUsedAt,
      created_at: key.createdAt,
      updated_at: key.updatedAt
    })

  const encodeInteger = Schema.encodeSync(rows.Key.fields.use_count)
  const idOrNull = (id: string | null) => (id === null ? null : dialect.id(id))
  const instantOrNull = (at: ApiKey["expiresAt"]) => (at === null ? null : dialect.instant(at.epochMillis))

  /** What {@link encode} gives, column by column: for a great many keys, whose rows nobody has to check. */
  const encodeFast = (key: ApiKey): Record<keyof ReturnType<typeof encode>, unknown> => ({
    id: dialect.id(key.id),
    organization_id: dialect.id(key.organizationId),
    project_id: idOrNull(key.projectId),
    product_id: idOrNull(key.productId),
    name: key.name,
    hint: key.hint,
    scopes: json(key.scopes),
    rate_limits: json(key.rateLimits),
    metadata: json(key.metadata),
    expires_at: instantOrNull(key.expiresAt),
    revoked_at: instantOrNull(key.revokedAt),
    revoked_reason: key.revokedReason,
    use_count: encodeInteger(key.useCount),
    last_used_at: instantOrNull(key.lastUsedAt),
    created_at: dialect.instant(key.createdAt.epochMillis),
    updated_at: dialect.instant(key.updatedAt.epochMillis)
  })

  /** The columns that a patch changes. */
  const patch = ({ expiresAt, metadata, name, rateLimits, scopes }: KeyPatch, at: ApiKey["updatedAt"]) =>
    encodePatch({
      ...(name !== undefined && { name }),
      ...(scopes !== undefined && { scopes }),
      ...(rateLimits !== undefined && { rate_limits: rateLimits }),
      ...(metadata !== undefined && { metadata }),
      ...(expiresAt !== undefined && { expires_at: expiresAt }),
      updated_at: at
    })

  return { decode, encode, encodeFast, patch }
}

export type KeyCodec = ReturnType<typeof makeKeyCodec>
