import { Clock, DateTime, Effect, Redacted } from "effect"
import { keyStatus } from "../../domain/ApiKey.js"
import {
  type AuthenticationError,
  DisabledKeyError,
  ExpiredKeyError,
  InvalidKeyError,
  RevokedKeyError,
  type StoreError
} from "../../domain/Errors.js"
import { isWellFormed } from "../../domain/KeyToken.js"
import type { FoundKey } from "../../ports/KeyStore.js"
import { Settings } from "../Settings.js"
import { makeLookUp, makeRedigest, type PresentedKey } from "./lookUp.js"

/** The text of a key that this deployment accepts, or nothing: no store is asked about anything else. */
const parse = (plaintext: unknown, { foreign, heads }: typeof Settings.Service): PresentedKey | null => {
  const text = Redacted.isRedacted(plaintext) ? Redacted.value(plaintext) : plaintext
  if (typeof text !== "string") return null
  if (isWellFormed(text, heads)) return { text, foreign: false }
  return foreign.accepts(text) ? { text, foreign: true } : null
}

/** A key whose holder proved the secret may be told its state. */
const checkStatus = (
  { key }: FoundKey,
  now: number
): Effect.Effect<void, ExpiredKeyError | RevokedKeyError | DisabledKeyError> => {
  const { disabledAt, expiresAt, id: keyId, revokedAt } = key
  const status = keyStatus(key, now)
  if (revokedAt !== null) {
    return Effect.fail(new RevokedKeyError({ keyId, revokedAt: DateTime.toDateUtc(revokedAt) }))
  }
  if (expiresAt !== null && status === "expired") {
    return Effect.fail(new ExpiredKeyError({ keyId, expiredAt: DateTime.toDateUtc(expiresAt) }))
  }
  if (disabledAt !== null && status === "disabled") {
    return Effect.fail(new DisabledKeyError({ keyId, disabledAt: DateTime.toDateUtc(disabledAt) }))
  }
  return Effect.void
}

/** From a plaintext to an active key. */
export const makeAuthenticate = Effect.gen(function* () {
  const settings = yield* Settings
  const lookUp = yield* makeLookUp
  const redigest = yield* makeRedigest

  return Effect.fnUntraced(function* (
    plaintext: unknown
  ): Effect.fn.Return<FoundKey, AuthenticationError | StoreError> {
    const presented = parse(plaintext, settings)
    if (presented === null) return yield* new InvalidKeyError()
    const now = yield* Clock.currentTimeMillis
    const lookedUp = yield* lookUp(presented, now)
    yield* checkStatus(lookedUp.found, now)
    yield* redigest(lookedUp)
    return lookedUp.found
  })
})
