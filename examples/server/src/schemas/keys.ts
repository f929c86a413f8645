import { Input, KeyId, Metadata, RateLimit, RateLimitStatus } from "@apikeys/core"
import { Schema } from "effect"
import { organizationId, productId, projectId } from "./tenants.js"
import { Anything, exactly, nullable, pageQuery, Timestamp } from "./wire.js"

export const OfKey = Schema.Struct({ keyId: Input.id(KeyId) })

const fields = {
  name: nullable(Input.Text),
  scopes: nullable(Input.GrantedScopes),
  rateLimits: nullable(Input.RateLimits),
  expiresAt: nullable(Timestamp),
  metadata: nullable(Metadata)
}

export const NewKey = Schema.Struct({
  organizationId,
  projectId: exactly(Schema.NullOr(projectId)),
  productId: exactly(Schema.NullOr(productId)),
  ...fields,
  idempotencyKey: nullable(Input.Text).annotations({
    description:
      "A repeated call under the same one creates no second key, and returns no plaintext; with other input it is 422"
  })
})

/** Fields that are given are changed, the others stay, `null` clears. */
export const KeyChanges = Schema.Struct(fields)

const status = Schema.Literal("active", "disabled", "revoked", "expired")

export const KeyFilter = Schema.Struct({
  organizationId: exactly(organizationId),
  projectId: exactly(projectId),
  productId: exactly(productId),
  status: Schema.optional(
    Schema.Literal(...status.literals, "all").annotations(
      Input.rule("is not active, disabled, revoked, expired or all")
    )
  ),
  lastUsedBefore: Schema.optional(Timestamp),
  expiresBefore: Schema.optional(Timestamp),
  ...pageQuery
})

const reason = nullable(Input.Text)

/** Why a key is revoked or disabled. The body may be left out. */
export const Reason = Schema.NullOr(Schema.Struct({ reason }))

/** How long the old secret goes on working. The body may be left out: then it stops at once. */
export const Rotation = Schema.NullOr(
  Schema.Struct({
    overlap: Schema.optional(Input.Timespan(0)).annotations({ description: 'Whole seconds, or such as "24 hours"' })
  })
)

export const RevocationOfOwner = Schema.Struct({
  organizationId: exactly(organizationId),
  projectId: exactly(projectId),
  productId: exactly(productId),
  reason
})

export const Revoked = Schema.Struct({ revoked: Schema.Number })

export const Key = Schema.Struct({
  id: Schema.UUID,
  organizationId: Schema.UUID,
  projectId: Schema.NullOr(Schema.UUID),
  productId: Schema.NullOr(Schema.UUID),
  name: Schema.NullOr(Schema.String),
  hint: Schema.String.annotations({ description: "What people tell keys apart by: myapp_AbCd…" }),
  status,
  scopes: Schema.Array(Schema.String),
  rateLimits: Schema.Array(RateLimit),
  metadata: Schema.Record({ key: Schema.String, value: Anything }),
  expiresAt: Schema.NullOr(Timestamp),
  revokedAt: Schema.NullOr(Timestamp),
  revokedReason: Schema.NullOr(Schema.String),
  disabledAt: Schema.NullOr(Timestamp),
  disabledReason: Schema.NullOr(Schema.String),
  useCount: Schema.Number,
  lastUsedAt: Schema.NullOr(Timestamp),
  createdAt: Timestamp,
  updatedAt: Timestamp
}).annotations({ identifier: "Key" })

export const CreatedKey = Schema.Struct({
  key: Key,
  plaintext: Schema.NullOr(Schema.String).annotations({ description: "Told this once, and kept nowhere" })
})

export const RotatedKey = Schema.Struct({
  key: Key,
  plaintext: Schema.String.annotations({ description: "Told this once, and kept nowhere" }),
  supersededUntil: Schema.NullOr(Timestamp).annotations({ description: "When the last old secret stops working" })
})

export const Limits = Schema.Array(RateLimitStatus)
