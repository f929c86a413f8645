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
import type { FoundKey } from "../../ports/KeyStore.js"
import { Settings } from "../Settings.js"
import { makeLookUp, type PresentedKey } from "./lookUp.js"

/** The text of a key that this deployment accepts, or nothing: no store is asked about anything else. */
const parse = (plaintext: unknown, { foreign, heads }: typeof Settings.Service): PresentedKey | null => {
  const text = Redacted.isRedacted(plaintext) ? Redacted.value(plaintext) : plaintext
  if (typeof text !== "string") return null
  if (isWellFormed(text, heads)) return { text, foreign: false }
  return foreign.accepts(text) ? { text, foreign: true } : null
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
  const settings = yield* Settings
  const lookUp = yield* makeLookUp

  return Effect.fnUntraced(function* (
    plaintext: unknown
  ): Effect.fn.Return<FoundKey, AuthenticationError | StoreError> {
    const presented = parse(plaintext, settings)
    if (presented === null) return yield* new InvalidKeyError()
    const found = yield* lookUp(presented)
    return yield* checkStatus(found, yield* Clock.currentTimeMillis)
  })
})
