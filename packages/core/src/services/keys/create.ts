import { Effect, Redacted } from "effect"
import { ApiKey } from "../../domain/ApiKey.js"
import { IdempotencyConflictError } from "../../domain/Errors.js"
import { inputText } from "../../domain/Idempotency.js"
import { KeyId } from "../../domain/Ids.js"
import { invalidInput } from "../../domain/Input.js"
import { hint, issue } from "../../domain/KeyToken.js"
import { KeyHasher } from "../../ports/KeyHasher.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { Identifiers } from "../Identifiers.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { Settings } from "../Settings.js"
import { UsageRecorder } from "../verifier/UsageRecorder.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import { checkLifetime, decodeNewKey } from "./input.js"

/** Issues keys: checks, draws a plaintext, and stores all but it. */
export const makeCreateKey = Effect.gen(function* () {
  const { head, maxKeyLifetime } = yield* Settings
  const hasher = yield* KeyHasher
  const store = yield* KeyStore
  const identifiers = yield* Identifiers
  const codec = yield* MetadataCodec
  const { adding } = yield* VerificationCache
  const uses = yield* UsageRecorder

  /** A key of a version that kept no digest is one of any input. A signing secret may have been replaced since. */
  const isOf = (digest: Uint8Array | null, input: string): boolean =>
    digest === null || hasher.candidates(input).some(({ bytes }) => hasher.equals(bytes, digest))

  return Effect.fn("ApiKeys.createKey")(function* (given: unknown) {
    const { idempotencyKey, metadata, ...fields } = yield* decodeNewKey(given)
    const encoded = yield* codec.encode(metadata ?? {})
    const { createdAt, id } = yield* identifiers.next
    if (fields.expiresAt !== null && fields.expiresAt.epochMillis <= createdAt.epochMillis) {
      return yield* invalidInput("expiresAt", "is not in the future")
    }
    yield* checkLifetime({ createdAt, expiresAt: fields.expiresAt }, maxKeyLifetime)
    const plaintext = issue(head, hasher.random)
    const key = new ApiKey({
      ...fields,
      id: KeyId.make(id),
      hint: hint(plaintext),
      metadata: encoded,
      revokedAt: null,
      revokedReason: null,
      disabledAt: null,
      disabledReason: null,
      useCount: 0,
      lastUsedAt: null,
      createdAt,
      updatedAt: createdAt
    })
    const input = idempotencyKey === null ? null : inputText(key)
    const insertion = yield* adding(
      store.insert({
        key,
        digest: hasher.digest(plaintext),
        idempotencyKey,
        idempotencyDigest: input === null ? null : hasher.digest(input).bytes
      })
    )
    switch (insertion._tag) {
      case "Inserted":
        return { key: yield* codec.typedKey(key), plaintext: Redacted.make(plaintext) }
      case "Existing":
        if (input !== null && !isOf(insertion.idempotencyDigest, input)) {
          return yield* new IdempotencyConflictError({ existingId: insertion.key.id })
        }
        return { key: yield* codec.typedKey(uses.include(insertion.key)), plaintext: null }
      case "NotLinked":
        return yield* invalidInput("productId", "is not linked to the project")
    }
  })
})
