import {
  type ApiKey,
  type FoundKey,
  type KeyId,
  type KeyPatch,
  type OrganizationId,
  type ProductId,
  type ProjectId,
  type RateLimit,
  type Scope,
  storedKey
} from "@apikeys/core"
import { Schema } from "effect"
import type { Dialect } from "./Dialect.js"
import { fencedColumn } from "./Fences.js"
import { plainBytes, plainInstant, plainLists, plainNumber, plainObject, quickly } from "./PlainColumn.js"
import type { Rows } from "./Rows.js"

type KeyColumns = { readonly [Column in keyof Rows["Key"]["fields"]]: unknown }

/** What is read of a digest `d` and its key `k`, with the fence `f`: in this order, since rows are given as lists. */
export const foundColumns = [
  ...["digest", "secret_id", "superseded_at", "valid_until"].map((name) => `d.${name}`),
  ...[
    ...["id", "organization_id", "project_id", "product_id", "name", "hint", "scopes", "rate_limits", "metadata"],
    ...["expires_at", "revoked_at", "revoked_reason", "disabled_at", "disabled_reason", "use_count", "last_used_at"],
    ...["created_at", "updated_at"]
  ].map(fencedColumn)
].join(", ")

/** Turns keys into rows and back. */
export const makeKeyCodec = (dialect: Dialect) => {
  const { decodeId, json, rows } = dialect
  const encodeRow = Schema.encodeSync(rows.Key)
  const encodePatch = Schema.encodeSync(Schema.partial(rows.Key))

  const { fields } = rows.Key
  const toInteger = quickly(Schema.decodeUnknownSync(fields.use_count), plainNumber)
  const toInstant = quickly(Schema.decodeUnknownSync(fields.created_at), plainInstant)
  const toScopes = quickly(Schema.decodeUnknownSync(fields.scopes), plainLists<Scope>())
  const toRateLimits = quickly(Schema.decodeUnknownSync(fields.rate_limits), plainLists<RateLimit>())
  const toMetadata = quickly(Schema.decodeUnknownSync(fields.metadata), plainObject)
  const toBytes = quickly(Schema.decodeUnknownSync(rows.Digest.fields.digest), plainBytes)
  const orNull = <A>(value: unknown, decode: (value: unknown) => A): A | null => (value === null ? null : decode(value))

  /**
   * A verification that asks the store decodes a row, so that is done by hand: the schema of the whole row takes longer
   * than the query. Where ids, names and JSON were written, they were checked.
   */
  const decodeColumns = (columns: KeyColumns): ApiKey =>
    storedKey({
      id: decodeId(columns.id) as KeyId,
      organizationId: decodeId(columns.organization_id) as OrganizationId,
      projectId: orNull(columns.project_id, decodeId) as ProjectId | null,
      productId: orNull(columns.product_id, decodeId) as ProductId | null,
      name: columns.name as string | null,
      hint: columns.hint as string,
      scopes: toScopes(columns.scopes),
      rateLimits: toRateLimits(columns.rate_limits),
      metadata: toMetadata(columns.metadata),
      expiresAt: orNull(columns.expires_at, toInstant),
      revokedAt: orNull(columns.revoked_at, toInstant),
      revokedReason: columns.revoked_reason as string | null,
      disabledAt: orNull(columns.disabled_at, toInstant),
      disabledReason: columns.disabled_reason as string | null,
      useCount: toInteger(columns.use_count),
      lastUsedAt: orNull(columns.last_used_at, toInstant),
      createdAt: toInstant(columns.created_at),
      updatedAt: toInstant(columns.updated_at)
    })

  const decode = (row: unknown): ApiKey => decodeColumns(row as KeyColumns)

  /** A row, as a list, of {@link foundColumns}. */
  const decodeFound = (row: ReadonlyArray<unknown>): FoundKey => ({
    digest: toBytes(row[0]),
    secretId: row[1] as string,
    supersededAt: orNull(row[2], toInstant),
    validUntil: orNull(row[3], toInstant),
    key: decodeColumns({
      id: row[4],
      organization_id: row[5],
      project_id: row[6],
      product_id: row[7],
      name: row[8],
      hint: row[9],
      scopes: row[10],
      rate_limits: row[11],
      metadata: row[12],
      expires_at: row[13],
      revoked_at: row[14],
      revoked_reason: row[15],
      disabled_at: row[16],
      disabled_reason: row[17],
      use_count: row[18],
      last_used_at: row[19],
      created_at: row[20],
      updated_at: row[21]
    })
  })

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
      disabled_at: key.disabledAt,
      disabled_reason: key.disabledReason,
      use_count: key.useCount,
      last_used_at: key.lastUsedAt,
      created_at: key.createdAt,
      updated_at: key.updatedAt
    })

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
    disabled_at: instantOrNull(key.disabledAt),
    disabled_reason: key.disabledReason,
    // Every driver takes it as it is.
    use_count: key.useCount,
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

  return { decode, decodeFound, encode, encodeFast, patch }
}

export type KeyCodec = ReturnType<typeof makeKeyCodec>
