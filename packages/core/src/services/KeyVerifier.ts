import { type Clock, Context, Effect, Layer } from "effect"
import type { StoreError } from "../domain/Errors.js"
import type { KeyHasher } from "../ports/KeyHasher.js"
import type { KeyStore } from "../ports/KeyStore.js"
import type { RateLimitStore } from "../ports/RateLimitStore.js"
import type { TenantStore } from "../ports/TenantStore.js"
import type { MetadataCodec } from "./MetadataCodec.js"
import type { Settings } from "./Settings.js"
import { entityOf } from "./verifier/KeyRecord.js"
import type { KeyVerifierService, VerifiedKey } from "./verifier/KeyVerifierService.js"
import { decodeValidation, decodeVerification, type Validation } from "./verifier/options.js"
import type { RateLimiter } from "./verifier/RateLimiter.js"
import { UsageRecorder } from "./verifier/UsageRecorder.js"
import type { VerificationCache } from "./verifier/VerificationCache.js"
import { makeVerifications, type Refusal, Verification } from "./verifier/Verifications.js"

/**
 * Verifies the keys that callers present.
 *
 * @since 0.1.0
 */
export class KeyVerifier extends Context.Tag("@apikeys/core/KeyVerifier")<KeyVerifier, KeyVerifierService>() {}

const verified = ({ lastUsedAt, limits, metadata, record, useCount }: Verification): VerifiedKey => ({
  key: new entityOf(record, metadata, useCount, lastUsedAt),
  limits
})

const make = Effect.gen(function* () {
  const { later, now } = yield* makeVerifications
  const { flush } = yield* UsageRecorder
  const ownClock = yield* Effect.clock

  /** Nothing but plain code where all that is needed is in memory. */
  const verification = (
    plaintext: unknown,
    asked: Validation,
    clock: Clock.Clock
  ): Effect.Effect<VerifiedKey, Refusal | StoreError> => {
    const known = now(plaintext, asked, clock)
    if (known === null) return Effect.map(later(plaintext, asked, clock), verified)
    return known instanceof Verification ? Effect.succeed(verified(known)) : Effect.fail(known)
  }

  const run = (plaintext: unknown, asked: Validation | Refusal): Effect.Effect<VerifiedKey, Refusal | StoreError> =>
    asked instanceof Error ? Effect.fail(asked) : Effect.clockWith((clock) => verification(plaintext, asked, clock))

  return KeyVerifier.of({
    verifyKey: ((plaintext, input) =>
      Effect.suspend(() => run(plaintext, decodeVerification(input)))) as KeyVerifierService["verifyKey"],
    validateKey: (plaintext, input) => Effect.suspend(() => run(plaintext, decodeValidation(input))),
    attempt: (plaintext, input) => {
      const asked = decodeValidation(input)
      return asked instanceof Error ? asked : now(plaintext, asked, ownClock)
    },
    flush
  })
})

export const layer: Layer.Layer<
  KeyVerifier,
  never,
  | Settings
  | MetadataCodec
  | KeyHasher
  | KeyStore
  | TenantStore
  | RateLimitStore
  | VerificationCache
  | RateLimiter
  | UsageRecorder
> = Layer.effect(KeyVerifier, make)
