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
import { makeLookUp, makeRedigest } from "./lookUp.js"

/** The text of a key of this deployment, or nothing: no store is asked about anything else. */
const parse = (plaintext: unknown, heads: ReadonlySet<string>): string | null => {
  const text = Redacted.isRedacted(plaintext) ? Redacted.value(plaintext) : plaintext
  return typeof text === "string" && isWellFormed(text, heads) ? text : null
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
  const { heads } = yield* Settings
  const lookUp = yield* makeLookUp
  const redigest = yield* makeRedigest

  return Effect.fnUntraced(function* (
    plaintext: unknown
  ): Effect.fn.Return<FoundKey, AuthenticationError | StoreError> {
    const text = parse(plaintext, heads)
    if (text === null) return yield* new InvalidKeyError()
    const now = yield* Clock.currentTimeMillis
    const lookedUp = yield* lookUp(text, now)
    yield* checkStatus(lookedUp.found, now)
    yield* redigest(lookedUp)
    return lookedUp.found
  })
})
