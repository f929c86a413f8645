import { Effect, Schema } from "effect"
import { idInput, KeyId, OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"
import { decodeInput, decodeValue, invalidInput } from "../../domain/Input.js"
import { InstantInput } from "../../domain/Instant.js"
import { pageFields } from "../../domain/Page.js"
import { RateLimitsInput } from "../../domain/RateLimit.js"
import { rule, ShortText } from "../../domain/Rule.js"
import { Scopes } from "../../domain/Scope.js"

export const decodeKeyId = decodeValue("id", idInput(KeyId))

/** `null` where nothing is given. */
export const orNull = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

const organizationId = idInput(OrganizationId)
const owner = {
  organizationId: orNull(organizationId),
  projectId: orNull(idInput(ProjectId)),
  productId: orNull(idInput(ProductId))
}

const none = <A>(): ReadonlyArray<A> => []

const list = <A, I>(schema: Schema.Schema<ReadonlyArray<A>, I>) =>
  Schema.optionalWith(schema, { nullable: true, default: none<A> })

/** Metadata passes unread: the codec checks it. */
const metadata = Schema.optional(Schema.Unknown)

/** What a key is made of, be it new or imported. */
export const newKeyFields = {
  ...owner,
  organizationId,
  name: orNull(ShortText),
  scopes: list(Scopes),
  rateLimits: list(RateLimitsInput),
  expiresAt: orNull(InstantInput),
  metadata
}

export const decodeNewKey = decodeInput(Schema.Struct({ ...newKeyFields, idempotencyKey: orNull(ShortText) }))

const change = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

export const decodeChanges = decodeInput(
  Schema.Struct({
    name: change(ShortText),
    scopes: change(Scopes),
    rateLimits: change(RateLimitsInput),
    expiresAt: change(InstantInput),
    metadata
  })
)

const reason = orNull(ShortText)

export const decodeRevocation = decodeInput(Schema.Struct({ reason }))

const decodeOwnerRevocation = decodeInput(Schema.Struct({ ...owner, reason }))

/** All keys at once is nobody's wish: an owner has to be named. */
export const decodeRevocationOfOwner = (input: unknown) =>
  Effect.filterOrFail(
    decodeOwnerRevocation(input),
    ({ organizationId, productId, projectId }) => organizationId !== null || projectId !== null || productId !== null,
    () => invalidInput("", "one of organizationId, projectId and productId is required")
  )

export const decodeKeyFilter = decodeInput(
  Schema.Struct({
    ...owner,
    ...pageFields,
    status: Schema.optionalWith(
      Schema.Literal("active", "revoked", "expired", "all").annotations(rule("is not active, revoked, expired or all")),
      { default: () => "all" as const }
    ),
    lastUsedBefore: orNull(InstantInput)
  })
)
