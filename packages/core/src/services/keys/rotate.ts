import { DateTime, Effect, Redacted } from "effect"
import { RevokedKeyError } from "../../domain/Errors.js"
import { invalidInput } from "../../domain/Input.js"
import { hint, issue } from "../../domain/KeyToken.js"
import { KeyHasher } from "../../ports/KeyHasher.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { Settings } from "../Settings.js"
import { reportOf } from "../SigningSecrets.js"
import { orNotFound } from "../tenants/entity.js"
import { UsageRecorder } from "../verifier/UsageRecorder.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import type { ApiKeysService } from "./ApiKeysService.js"
import { decodeKeyId, decodeRotation } from "./input.js"

type Operations = Pick<ApiKeysService, "rotateKey" | "signingSecretReport">

/** Gives keys new secrets, and tells which signing secrets are still needed. */
export const makeRotations = Effect.gen(function* () {
  const { head, maxOverlap } = yield* Settings
  const hasher = yield* KeyHasher
  const store = yield* KeyStore
  const codec = yield* MetadataCodec
  const uses = yield* UsageRecorder
  const { changing } = yield* VerificationCache

  const rotateKey: Operations["rotateKey"] = Effect.fn("ApiKeys.rotateKey")(function* (input, options) {
    const id = yield* decodeKeyId(input)
    const { overlap } = yield* decodeRotation(options ?? {})
    if (overlap > maxOverlap) return yield* invalidInput("overlap", "is longer than maxOverlap")
    const plaintext = issue(head, hasher.random)
    const at = yield* DateTime.now
    const outcome = yield* store
      .rotate(id, {
        digest: hasher.digest(plaintext),
        hint: hint(plaintext),
        at,
        overlapMillis: overlap * 1000
      })
      .pipe(changing({ _tag: "Key", id }), orNotFound("key", id))
    if (outcome._tag === "Revoked") {
      const { createdAt, revokedAt } = outcome.key
      return yield* new RevokedKeyError({ keyId: id, revokedAt: DateTime.toDateUtc(revokedAt ?? createdAt) })
    }
    return {
      key: yield* codec.typedKey(uses.include(outcome.key)),
      plaintext: Redacted.make(plaintext),
      supersededUntil: DateTime.greaterThan(outcome.until, at) ? outcome.until : null
    }
  })

  const signingSecretReport: Operations["signingSecretReport"] = Effect.fn("ApiKeys.signingSecretReport")(function* () {
    return reportOf(hasher, yield* store.countSecrets(yield* DateTime.now))
  })

  return { rotateKey, signingSecretReport } satisfies Operations
})
