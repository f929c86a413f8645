import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { RateLimit } from "../domain/RateLimit.js"
import { type KeyPatch, KeyStore } from "../ports/KeyStore.js"
import { assertAllSucceeded, assertSame, atOnce, type ContractTest } from "./contract.js"
import { absent, fixtureTime, insertKey, insertOrganization, instant, makeRateLimit } from "./fixtures.js"
import { charge, remaining, slow } from "./rateLimitFixtures.js"

const later = instant(fixtureTime + 1000)

const patches: ReadonlyArray<KeyPatch> = [
  { name: "Renamed 👋" },
  { name: null },
  { scopes: ["b", "a"] },
  { scopes: [] },
  { rateLimits: [makeRateLimit({ name: "other", requests: 5 })] },
  { rateLimits: [] },
  { metadata: { replaced: [true, { whole: "é" }] } },
  { metadata: {} },
  { expiresAt: instant(fixtureTime + 5000) },
  { expiresAt: null },
  {}
]

const insertFullKey = Effect.gen(function* () {
  const { id } = yield* insertOrganization()
  const { key } = yield* insertKey(id, {
    name: "Before",
    scopes: ["read", "write"],
    rateLimits: [makeRateLimit()],
    metadata: { plan: "pro", nested: { a: 1 } },
    expiresAt: instant(fixtureTime + 1_000_000),
    useCount: 7,
    lastUsedAt: instant(fixtureTime + 7)
  })
  return key
})

/** What changes of a key, and what does not. */
export const keyUpdateContract = (test: ContractTest): void => {
  test("changes the fields it is given and the time of the change, and leaves the others", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      for (const patch of patches) {
        const key = yield* insertFullKey
        const expected = { ...key, ...patch, updatedAt: later }
        assertSame(Option.getOrThrow(yield* keys.update(key.id, patch, later)), expected)
        assertSame(Option.getOrThrow(yield* keys.find(key.id)), expected)
      }
    }))

  test("changes all fields together, and leaves other keys alone", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const [key, other] = [yield* insertFullKey, yield* insertFullKey]
      const patch: KeyPatch = { name: null, scopes: ["*"], rateLimits: [], metadata: { a: 1 }, expiresAt: null }
      const updated = Option.getOrThrow(yield* keys.update(key.id, patch, later))
      assertSame(updated, { ...key, ...patch, updatedAt: later })
      assertSame(Option.getOrThrow(yield* keys.find(other.id)), other)
    }))

  test("returns none where there is no key", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      for (const patch of patches) {
        assert.isTrue(Option.isNone(yield* keys.update(absent.key(), patch, later)))
      }
    }))

  test("works on a revoked and on an expired key, and leaves them so", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id, { expiresAt: instant(fixtureTime - 1) })
      yield* keys.revoke(key.id, { at: instant(fixtureTime + 1), reason: "gone" })
      const updated = Option.getOrThrow(yield* keys.update(key.id, { name: "Still kept" }, later))
      const revoked = { revokedAt: instant(fixtureTime + 1), revokedReason: "gone" }
      assertSame(updated, { ...key, ...revoked, name: "Still kept", updatedAt: later })
    }))

  test("lets concurrent updates of different fields all take effect", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      for (let round = 0; round < 5; round++) {
        const key = yield* insertFullKey
        const changes: ReadonlyArray<KeyPatch> = [
          { name: "Concurrent" },
          { scopes: ["c"] },
          { rateLimits: [makeRateLimit({ name: "c" })] },
          { metadata: { c: 1 } },
          { expiresAt: null }
        ]
        const results = yield* atOnce(changes.map((patch) => keys.update(key.id, patch, later)))
        assertAllSucceeded(results)
        const expected = Object.assign({ ...key, updatedAt: later }, ...changes)
        assertSame(Option.getOrThrow(yield* keys.find(key.id)), expected)
      }
    }))

  test("continues the counters of limits that keep name, algorithm and window", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const limits = [slow({ name: "kept" }), slow({ name: "bucket", algorithm: "token-bucket" })]
      const { key } = yield* insertKey(id, { rateLimits: limits })
      yield* charge(key.id, limits, 4)
      yield* keys.update(key.id, { name: "Renamed" }, later)
      assert.deepStrictEqual(yield* remaining(key.id, limits), [6, 6])
      const raised = limits.map((limit) => ({ ...limit, requests: 20, burst: limit.burst === null ? null : 20 }))
      yield* keys.update(key.id, { rateLimits: [...raised].reverse() }, later)
      assert.deepStrictEqual(yield* remaining(key.id, raised), [16, 16])
    }))

  test("drops the counters of limits that change name, algorithm or window, also when they come back", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const limit = slow({ name: "limit" })
      const kept = slow({ name: "kept" })
      const replacements: ReadonlyArray<ReadonlyArray<RateLimit>> = [
        [],
        [{ ...limit, name: "LIMIT" }],
        [{ ...limit, algorithm: "sliding-window" }],
        [{ ...limit, window: 999_999_999 }]
      ]
      for (const replacement of replacements) {
        const { id } = yield* insertOrganization()
        const { key } = yield* insertKey(id, { rateLimits: [limit, kept] })
        yield* charge(key.id, [limit, kept], 4)
        yield* keys.update(key.id, { rateLimits: [kept, ...replacement] }, later)
        assert.deepStrictEqual(yield* remaining(key.id, [kept, ...replacement]), [6, ...replacement.map(() => 10)])
        yield* keys.update(key.id, { rateLimits: [limit, kept] }, later)
        assert.deepStrictEqual(yield* remaining(key.id, [limit, kept]), [10, 6])
      }
    }))
}
