import { Effect, Either } from "effect"
import { ApiKey } from "../../domain/ApiKey.js"
import type { InvalidInputError } from "../../domain/Errors.js"
import type { Instant } from "../../domain/Instant.js"
import type { Metadata } from "../../domain/Metadata.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { Settings } from "../Settings.js"
import { type Kept, makeDigestion } from "./digestion.js"
import type { ImportKeyOptions } from "./ImportKeys.js"
import { decodeImport } from "./importInput.js"
import type { Prepared } from "./importVerdict.js"
import type { ImportFields } from "./plainImport.js"

/** From what a caller gives of a key to what a store inserts. */
export const makePrepare = Effect.gen(function* () {
  const { maxKeyLifetime } = yield* Settings
  const codec = yield* MetadataCodec
  const { digestOf, idsOf } = yield* makeDigestion

  const toPrepared = (fields: ImportFields, kept: Kept, metadata: Metadata, now: Instant): Prepared => {
    const [id, ...otherIds] = fields.id === null ? idsOf(fields.organizationId, kept) : [fields.id]
    const key = new ApiKey(
      {
        id,
        organizationId: fields.organizationId,
        projectId: fields.projectId,
        productId: fields.productId,
        name: fields.name,
        hint: kept.hint,
        scopes: fields.scopes,
        rateLimits: fields.rateLimits,
        metadata,
        expiresAt: fields.expiresAt,
        revokedAt: fields.revokedAt,
        revokedReason: fields.revokedReason,
        disabledAt: null,
        disabledReason: null,
        useCount: fields.useCount,
        lastUsedAt: fields.lastUsedAt,
        createdAt: fields.createdAt ?? now,
        updatedAt: now
      },
      // Each field was just decoded.
      true
    )
    const { digest, otherDigests } = kept
    const secretPath = fields.digest === null ? "plaintext" : "digest"
    return { key, digest, otherDigests, otherIds, givenId: fields.id, secretPath }
  }

  /** At once for nearly every key: an effect for each of a million takes longer than what it does. */
  return (
    input: unknown,
    now: Instant,
    { lifetime, wildcards }: ImportKeyOptions
  ): Either.Either<Prepared, InvalidInputError> | Effect.Effect<Prepared, InvalidInputError> => {
    const decoded = decodeImport(input, {
      refusesWildcards: wildcards !== "grant",
      maxKeyLifetime: lifetime === "keep" ? null : maxKeyLifetime,
      now
    })
    if (Either.isLeft(decoded)) return Either.left(decoded.left)
    const fields = decoded.right
    const kept = digestOf(fields)
    if (Either.isLeft(kept)) return Either.left(kept.left)
    const given = fields.metadata ?? {}
    const metadata = codec.encodeNow(given)
    return metadata === null
      ? Effect.map(codec.encode(given), (encoded) => toPrepared(fields, kept.right, encoded, now))
      : Either.right(toPrepared(fields, kept.right, metadata, now))
  }
})
