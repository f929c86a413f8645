import { assert, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import { ApiKeys, ExpiredKeyError, KeyVerifier, RevokedKeyError } from "../../src/index.js"
import { issueKey, live } from "./live.js"

const expiresAt = DateTime.unsafeMake("2030-01-01T00:00:00.000Z")

it.effect("a key verifies up to its expiry, and not at the very millisecond", () =>
  Effect.gen(function* () {
    const verifier = yield* KeyVerifier
    const { key, plaintext } = yield* issueKey({ expiresAt })
    yield* TestClock.setTime(expiresAt.epochMillis - 1)
    assert.strictEqual((yield* verifier.verifyKey(plaintext)).key.id, key.id)
    yield* TestClock.setTime(expiresAt.epochMillis)
    const error = yield* Effect.flip(verifier.verifyKey(plaintext))
    assert.instanceOf(error, ExpiredKeyError)
    assert.strictEqual(error.expiredAt.getTime(), expiresAt.epochMillis)
  }).pipe(Effect.provide(live()))
)

it.effect("a key that was revoked and is expired is called revoked", () =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const verifier = yield* KeyVerifier
    const { key, plaintext } = yield* issueKey({ expiresAt })
    yield* keys.revokeKey(key.id)
    yield* TestClock.setTime(expiresAt.epochMillis)
    assert.instanceOf(yield* Effect.flip(verifier.validateKey(plaintext)), RevokedKeyError)
  }).pipe(Effect.provide(live()))
)

it.effect("an expiry that has come is refused at creation, and allowed by an update", () =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const verifier = yield* KeyVerifier
    yield* TestClock.setTime(expiresAt.epochMillis)
    const error = yield* Effect.flip(issueKey({ expiresAt }))
    assert.deepInclude(error, {
      _tag: "InvalidInputError",
      issues: [{ path: "expiresAt", rule: "is not in the future" }]
    })
    const { key, plaintext } = yield* issueKey({ expiresAt: DateTime.add(expiresAt, { millis: 1 }) })
    yield* keys.updateKey(key.id, { expiresAt })
    assert.instanceOf(yield* Effect.flip(verifier.verifyKey(plaintext)), ExpiredKeyError)
    yield* keys.updateKey(key.id, { expiresAt: null })
    assert.strictEqual((yield* verifier.verifyKey(plaintext)).key.id, key.id)
  }).pipe(Effect.provide(live()))
)

it.effect("a listing by status looks at the time of the call", () =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const { key } = yield* issueKey({ expiresAt })
    const ids = (status: "active" | "expired") =>
      Effect.map(keys.listKeys({ organizationId: key.organizationId, status }), ({ items }) =>
        items.map(({ id }) => id)
      )
    assert.deepStrictEqual(yield* ids("active"), [key.id])
    assert.deepStrictEqual(yield* ids("expired"), [])
    yield* TestClock.setTime(expiresAt.epochMillis)
    assert.deepStrictEqual(yield* ids("active"), [])
    assert.deepStrictEqual(yield* ids("expired"), [key.id])
  }).pipe(Effect.provide(live()))
)
