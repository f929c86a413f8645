import { Clock, DateTime, Effect, Redacted } from "effect"
import { keyStatus } from "../../domain/ApiKey.js"
import {
  type AuthenticationError,
  ExpiredKeyError,
  InvalidKeyError,
  RevokedKeyError,
  type StoreError
} from "../../domain/Errors.js"
import { isWellFormed } from "../../domain/KeyToken.js"
import { KeyHasher } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"
import { Settings } from "../Settings.js"

/** The text of a key of this deployment, or nothing: no store is asked about anything else. */
const parse = (plaintext: unknown, heads: ReadonlySet<string>): string | null => {
  const text = Redacted.isRedacted(plaintext) ? Redacted.value(plaintext) : plaintext
  return typeof text === "string" && isWellFormed(text, heads) ? text : null
}

/** A key whose holder proved the secret may be told its state. */
const checkStatus = (found: FoundKey, now: number): Effect.Effect<FoundKey, ExpiredKeyError | RevokedKeyError> => {
  const { expiresAt, id: keyId, revokedAt } = found.key
  if (revokedAt !== null) {
    return Effect.fail(new RevokedKeyError({ keyId, revokedAt: DateTime.toDateUtc(revokedAt) }))
  }
  if (expiresAt !== null && keyStatus(found.key, now) === "expired") {
    return Effect.fail(new ExpiredKeyError({ keyId, expiredAt: DateTime.toDateUtc(expiresAt) }))
  }
  return Effect.succeed(found)
}

/** From a plaintext to an active key. */
export const makeAuthenticate = Effect.gen(function* () {
  const { heads } = yield* Settings
  const hasher = yield* KeyHasher
  const store = yield* KeyStore

  const lookUp = Effect.fnUntraced(function* (text: string) {
    const digest = hasher.digest(text)
    const [found] = yield* store.findByDigests([digest.bytes])
    if (found === undefined || found._tag === "None") return yield* new InvalidKeyError()
    // An index may compare in its own way; what was found is compared once more, in constant time.
    if (!hasher.equals(found.value.digest, digest.bytes)) return yield* new InvalidKeyError()
    return found.value
  })

  return Effect.fnUntraced(function* (
    plaintext: unknown
  ): Effect.fn.Return<FoundKey, AuthenticationError | StoreError> {
    const text = parse(plaintext, heads)
    if (text === null) return yield* new InvalidKeyError()
    const found = yield* lookUp(text)
    return yield* checkStatus(found, yield* Clock.currentTimeMillis)
  })
})
