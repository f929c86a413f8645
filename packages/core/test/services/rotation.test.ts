import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, TestClock } from "effect"
import { ApiKeys, DisabledKeyError, InvalidInputError, InvalidKeyError, KeyVerifier } from "../../src/index.js"
import { issueKey, live } from "./live.js"

const start = Date.UTC(2030, 0)

const rotated = (overlap: Parameters<ApiKeys["Type"]["rotateKey"]>[1]) =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    yield* TestClock.setTime(start)
    const old = yield* issueKey()
    return { old: old.plaintext, ...(yield* keys.rotateKey(old.key.id, overlap)) }
  })

describe("an overlap", () => {
  for (const overlap of [90, "90 seconds", Duration.seconds(90)] as const) {
    it.effect(`ends at the very millisecond (${String(overlap)})`, () =>
      Effect.gen(function* () {
        const verifier = yield* KeyVerifier
        const { old, plaintext, supersededUntil } = yield* rotated({ overlap })
        assert.strictEqual(supersededUntil?.epochMillis, start + 90_000)
        yield* TestClock.setTime(start + 89_999)
        const verified = yield* verifier.verifyKey(old)
        assert.deepStrictEqual(
          [verified.supersededAt?.epochMillis, verified.supersededUntil?.epochMillis],
          [start, start + 90_000]
        )
        yield* TestClock.setTime(start + 90_000)
        assert.instanceOf(yield* Effect.flip(verifier.verifyKey(old)), InvalidKeyError)
        assert.isNull((yield* verifier.verifyKey(plaintext)).supersededAt)
      }).pipe(Effect.provide(live()))
    )
  }

  for (const maxOverlap of [3600, "1 hour", Duration.hours(1)] as const) {
    it.effect(`is no longer than maxOverlap (${String(maxOverlap)})`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(rotated({ overlap: 3601 }))
        assert.instanceOf(error, InvalidInputError)
        assert.deepStrictEqual(error.issues, [{ path: "overlap", rule: "is longer than maxOverlap" }])
        const { supersededUntil } = yield* rotated({ overlap: 3600 })
        assert.strictEqual(supersededUntil?.epochMillis, start + 3_600_000)
      }).pipe(Effect.provide(live({ maxOverlap })))
    )
  }

  it.effect("may be forbidden by a maxOverlap of 0", () =>
    Effect.gen(function* () {
      assert.instanceOf(yield* Effect.flip(rotated({ overlap: 1 })), InvalidInputError)
      assert.isNull((yield* rotated({ overlap: 0 })).supersededUntil)
    }).pipe(Effect.provide(live({ maxOverlap: 0 })))
  )

  it.effect("is none by default", () =>
    Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { old, supersededUntil } = yield* rotated(undefined)
      assert.isNull(supersededUntil)
      assert.instanceOf(yield* Effect.flip(verifier.verifyKey(old)), InvalidKeyError)
    }).pipe(Effect.provide(live()))
  )

  it.effect("tells the holder of an old secret the state of the key, while it is one", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const verifier = yield* KeyVerifier
      const { key, old } = yield* rotated({ overlap: "1 minute" })
      yield* keys.disableKey(key.id)
      assert.instanceOf(yield* Effect.flip(verifier.verifyKey(old)), DisabledKeyError)
      yield* TestClock.setTime(start + 60_000)
      assert.instanceOf(yield* Effect.flip(verifier.verifyKey(old)), InvalidKeyError)
    }).pipe(Effect.provide(live()))
  )
})

describe("maxKeyLifetime", () => {
  const issuedAt = DateTime.unsafeMake(start)
  const limited = live({ maxKeyLifetime: "90 days" })
  const later = (days: number, millis = 0) => DateTime.add(issuedAt, { days, millis })
  const refused = (rule: string) => ({ _tag: "InvalidInputError" as const, issues: [{ path: "expiresAt", rule }] })

  it.effect("bounds the expiry of a new key, and requires one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const { key } = yield* issueKey({ expiresAt: later(90) })
      assert.strictEqual(key.expiresAt?.epochMillis, later(90).epochMillis)
      assert.deepInclude(
        yield* Effect.flip(issueKey({ expiresAt: later(90, 1) })),
        refused("is later than maxKeyLifetime after the key's creation")
      )
      for (const fields of [{}, { expiresAt: null }]) {
        assert.deepInclude(yield* Effect.flip(issueKey(fields)), refused("is required by maxKeyLifetime"))
      }
    }).pipe(Effect.provide(limited))
  )

  it.effect("bounds an update by when the key was created, and leaves other updates alone", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      yield* TestClock.setTime(start)
      const { key } = yield* issueKey({ expiresAt: later(1) })
      yield* TestClock.setTime(later(30).epochMillis)
      const update = (expiresAt: DateTime.Utc | null) => keys.updateKey(key.id, { expiresAt })
      assert.strictEqual((yield* update(later(90))).expiresAt?.epochMillis, later(90).epochMillis)
      for (const expiresAt of [later(90, 1), null]) {
        assert.strictEqual((yield* Effect.flip(update(expiresAt)))._tag, "InvalidInputError")
      }
      const kept = yield* keys.updateKey(key.id, { name: "Renamed" })
      assert.strictEqual(kept.expiresAt?.epochMillis, later(90).epochMillis)
      const absent = yield* Effect.flip(keys.updateKey(crypto.randomUUID(), { expiresAt: later(1) }))
      assert.strictEqual(absent._tag, "NotFoundError")
    }).pipe(Effect.provide(limited))
  )
})

describe("pruneKeys", () => {
  it.effect("goes on, batch by batch, until nothing is left", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const { key } = yield* issueKey()
      for (let i = 0; i < 1200; i++) yield* keys.createKey({ organizationId: key.organizationId })
      yield* keys.revokeKeys({ organizationId: key.organizationId })
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* keys.pruneKeys({ revokedBefore: yield* DateTime.now }), 1201)
      assert.deepStrictEqual((yield* keys.listKeys()).items, [])
    }).pipe(Effect.provide(live()))
  )
})
