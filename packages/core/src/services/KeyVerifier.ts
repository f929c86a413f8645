import { Context, Effect, Exit, Layer } from "effect"
import type { InvalidInputError, StoreError } from "../domain/Errors.js"
import type { KeyHasher } from "../ports/KeyHasher.js"
import type { KeyStore } from "../ports/KeyStore.js"
import type { RateLimitStore } from "../ports/RateLimitStore.js"
import type { StoreHealth } from "../ports/StoreHealth.js"
import type { TenantStore } from "../ports/TenantStore.js"
import type { MetadataCodec } from "./MetadataCodec.js"
import type { Settings } from "./Settings.js"
import { PlainCaller } from "./verifier/Caller.js"
import { entityOf, instantOrNull } from "./verifier/KeyRecord.js"
import type { KeyVerifierService, VerifiedKey } from "./verifier/KeyVerifierService.js"
import { decodeValidation, decodeVerification } from "./verifier/options.js"
import type { RateLimiter } from "./verifier/RateLimiter.js"
import { UsageRecorder } from "./verifier/UsageRecorder.js"
import type { Validation } from "./verifier/Validation.js"
import type { VerificationCache } from "./verifier/VerificationCache.js"
import { makeVerifications, type Refusal, Verification } from "./verifier/Verifications.js"

/**
 * Verifies the keys that callers present.
 *
 * @since 0.1.0
 */
export class KeyVerifier extends Context.Tag("@apikeys/core/KeyVerifier")<KeyVerifier, KeyVerifierService>() {}

const verified = ({ lastUsedAt, limits, metadata, record, useCount }: Verification): VerifiedKey => ({
  key: entityOf(record, metadata, useCount, lastUsedAt),
  limits,
  supersededAt: instantOrNull(record.supersededAt),
  supersededUntil: instantOrNull(record.supersededUntil)
})

const make = Effect.gen(function* () {
  const { begin, later, now } = yield* makeVerifications
  const { flush } = yield* UsageRecorder
  const ownClock = yield* Effect.clock
  const runtime = yield* Effect.runtime<never>()

  /** Nothing but plain code where all that is needed is in memory. */
  const verify = <R extends Refusal>(
    plaintext: unknown,
    input: unknown,
    decode: (input: unknown) => Validation | InvalidInputError
  ): Effect.Effect<VerifiedKey, R | StoreError> =>
    Effect.clockWith((clock) => {
      const asked = decode(input)
      // What can refuse a call is what it asks: one that asks for nothing is refused for nothing but the key.
      if (asked instanceof Error) return Effect.fail(asked as R)
      const known = now(plaintext, asked, clock)
      if (known === null) return Effect.map(later(plaintext, asked, clock), verified) as Effect.Effect<VerifiedKey, R>
      return known instanceof Verification ? Effect.succeed(verified(known)) : Effect.fail(known as R)
    })

  return KeyVerifier.of({
    verifyKey: (plaintext, input) => verify(plaintext, input, decodeVerification),
    validateKey: (plaintext, input) => verify(plaintext, input, decodeValidation),
    attempt: (plaintext, input) => {
      const asked = decodeValidation(input)
      return asked instanceof Error ? asked : now(plaintext, asked, ownClock)
    },
    complete: (plaintext, input, resume, isWaiting) => {
      const asked = decodeValidation(input)
      if (asked instanceof Error) return resume(Exit.fail(asked))
      begin(plaintext, asked, ownClock, new PlainCaller(runtime, isWaiting), resume)
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
  | StoreHealth
  | VerificationCache
  | RateLimiter
  | UsageRecorder
> = Layer.scoped(KeyVerifier, make)
