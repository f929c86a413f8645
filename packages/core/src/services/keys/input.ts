import { Effect, Schema } from "effect"
import type { InvalidInputError } from "../../domain/Errors.js"
import { idInput, KeyId, OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"
import { decodeInput, decodeValue, invalidInput } from "../../domain/Input.js"
import { type Instant, InstantInput } from "../../domain/Instant.js"
import { pageFields } from "../../domain/Page.js"
import { RateLimitsInput } from "../../domain/RateLimit.js"
import { rule, ShortText, undefinedRule } from "../../domain/Rule.js"
import { GrantedScopes } from "../../domain/Scope.js"
import { TimespanInput } from "../../domain/Timespan.js"

export const decodeKeyId = decodeValue("id", idInput(KeyId))

/** `null` where nothing is given. */
export const orNull = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

const isUndefined = undefinedRule("is undefined; null says none")

/**
 * `null` where nothing is given; `undefined` is refused, since it may be the value of something that is missing, and
 * would ask for more than was meant.
 */
export const orNone = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema).annotations(isUndefined), { exact: true, default: () => null })

const organizationId = idInput(OrganizationId)

/** Whose key, or what is asked of one. */
export const owner = {
  organizationId: orNone(organizationId),
  projectId: orNone(idInput(ProjectId)),
  productId: orNone(idInput(ProductId))
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
  scopes: list(GrantedScopes),
  rateLimits: list(RateLimitsInput),
  expiresAt: orNull(InstantInput),
  metadata
}

export const decodeNewKey = decodeInput(Schema.Struct({ ...newKeyFields, idempotencyKey: orNull(ShortText) }))

const change = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

export const decodeChanges = decodeInput(
  Schema.Struct({
    name: change(ShortText),
    scopes: change(GrantedScopes),
    rateLimits: change(RateLimitsInput),
    expiresAt: change(InstantInput),
    metadata
  })
)

const reason = orNull(ShortText)

/** Why a key is revoked or disabled. */
export const decodeReason = decodeInput(Schema.Struct({ reason }))

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
      Schema.Literal("active", "disabled", "revoked", "expired", "all").annotations(
        rule("is not active, disabled, revoked, expired or all")
      ),
      { default: () => "all" as const }
    ),
    lastUsedBefore: orNull(InstantInput),
    expiresBefore: orNull(InstantInput)
  })
)

export const decodeRotation = decodeInput(
  Schema.Struct({ overlap: Schema.optionalWith(TimespanInput(0), { default: () => 0 }) })
)

const decodeGivenPruning = decodeInput(
  Schema.Struct({
    organizationId: owner.organizationId,
    revokedBefore: orNull(InstantInput),
    expiredBefore: orNull(InstantInput)
  })
)

/** What is to be deleted has to be said, and to be over: a key that expires tomorrow is still good. */
export const decodePruning = Effect.fnUntraced(function* (input: unknown, now: Instant) {
  const pruning = yield* decodeGivenPruning(input)
  if (pruning.revokedBefore === null && pruning.expiredBefore === null) {
    return yield* invalidInput("", "one of revokedBefore and expiredBefore is required")
  }
  for (const path of ["revokedBefore", "expiredBefore"] as const) {
    const time = pruning[path]
    if (time !== null && time.epochMillis > now.epochMillis) return yield* invalidInput(path, "is in the future")
  }
  return pruning
})

/** What is wrong with an expiry that is later than a key may live, none at all included. */
export const lifetimeRefusal = (
  { createdAt, expiresAt }: { readonly createdAt: Instant; readonly expiresAt: Instant | null },
  maxKeyLifetime: number | null
): InvalidInputError | null => {
  if (maxKeyLifetime === null) return null
  if (expiresAt === null) return invalidInput("expiresAt", "is required by maxKeyLifetime")
  return expiresAt.epochMillis - createdAt.epochMillis <= maxKeyLifetime * 1000
    ? null
    : invalidInput("expiresAt", "is later than maxKeyLifetime after the key's creation")
}

/** Refuses an expiry that is later than a key may live. */
export const checkLifetime = (
  times: Parameters<typeof lifetimeRefusal>[0],
  maxKeyLifetime: number | null
): Effect.Effect<void, InvalidInputError> => {
  const refusal = lifetimeRefusal(times, maxKeyLifetime)
  return refusal === null ? Effect.void : Effect.fail(refusal)
}
