import { Context, Effect, Layer } from "effect"
import type { ApiKey } from "../domain/ApiKey.js"
import { supersededUntil } from "../domain/Rotation.js"
import type { KeyHasher } from "../ports/KeyHasher.js"
import type { FoundKey, KeyStore } from "../ports/KeyStore.js"
import type { RateLimitStore } from "../ports/RateLimitStore.js"
import type { TenantStore } from "../ports/TenantStore.js"
import type { UsageStore } from "../ports/UsageStore.js"
import { MetadataCodec } from "./MetadataCodec.js"
import type { Settings } from "./Settings.js"
import { makeAuthenticate } from "./verifier/authenticate.js"
import { makeAuthorize } from "./verifier/authorize.js"
import { makeCharge } from "./verifier/charge.js"
import type { KeyVerifierService } from "./verifier/KeyVerifierService.js"
import { decodeValidation, decodeVerification } from "./verifier/options.js"
import { makeUsageRecorder } from "./verifier/UsageRecorder.js"

/**
 * Verifies the keys that callers present.
 *
 * @since 0.1.0
 */
export class KeyVerifier extends Context.Tag("@apikeys/core/KeyVerifier")<KeyVerifier, KeyVerifierService>() {}

const make = Effect.gen(function* () {
  const metadata = yield* MetadataCodec
  const authenticate = yield* makeAuthenticate
  const authorize = yield* makeAuthorize
  const charge = yield* makeCharge
  const recorder = yield* makeUsageRecorder

  /** What a call tells of the secret that it was made with. */
  const secretOf = (found: FoundKey) => ({
    supersededAt: found.supersededAt,
    supersededUntil: supersededUntil(found.key, found)
  })

  const counted = (key: ApiKey, track: boolean) => (track ? recorder.record(key) : Effect.succeed(key))

  const verifyKey: KeyVerifierService["verifyKey"] = Effect.fnUntraced(function* (plaintext, input) {
    const options = yield* decodeVerification(input)
    const found = yield* authenticate(plaintext)
    const used = yield* counted(found.key, options.trackUsage)
    return { key: yield* metadata.typed(used), limits: [], ...secretOf(found) }
  })

  const validateKey: KeyVerifierService["validateKey"] = Effect.fnUntraced(function* (plaintext, input) {
    const options = yield* decodeValidation(input)
    const found = yield* authenticate(plaintext)
    const { key } = found
    yield* authorize(key, options)
    const limits = options.checkRateLimit ? yield* charge(key, options.cost) : []
    const used = yield* counted(key, options.trackUsage && options.cost > 0)
    return { key: yield* metadata.typed(used), limits, ...secretOf(found) }
  })

  return KeyVerifier.of({ verifyKey, validateKey, flush: recorder.flush })
})

export const layer: Layer.Layer<
  KeyVerifier,
  never,
  Settings | MetadataCodec | KeyHasher | KeyStore | TenantStore | RateLimitStore | UsageStore
> = Layer.scoped(KeyVerifier, make)
