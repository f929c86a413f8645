import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { ApiKeys, MemoryStore, Tenants } from "../../src/index.js"
import { makeStoreCalls } from "../../src/testing/index.js"
import { issueKey, live, signingSecret } from "./live.js"

describe("the stream of all keys", () => {
  it.effect("goes over every page, newest first", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const made = yield* Effect.forEach(Array.from({ length: 7 }), () => issueKey())
      const ids = made.map(({ key }) => key.id).reverse()
      for (const limit of [1, 3, 7, 50]) {
        const seen = yield* keys.allKeys({ limit }).pipe(Stream.runCollect)
        assert.deepStrictEqual(
          [...seen].map(({ id }) => id),
          ids
        )
      }
    }).pipe(Effect.provide(live()))
  )
})

describe("set-up that has run before", () => {
  it.effect("writes nothing", () => {
    const calls = makeStoreCalls()
    return Effect.gen(function* () {
      const tenants = yield* Tenants
      const setUp = Effect.gen(function* () {
        const [organization] = yield* tenants.getOrCreateOrganization({ name: "Acme Inc" })
        return yield* tenants.getOrCreateProject({ organizationId: organization.id, name: "Website" })
      })
      const [first, created] = yield* setUp
      assert.isTrue(created)
      calls.clear()
      const [second, again] = yield* setUp
      assert.deepStrictEqual([second.id, again], [first.id, false])
      assert.strictEqual(
        calls.count(),
        calls.count("TenantStore.findOrganizationByName") + calls.count("TenantStore.findProjectByName")
      )
    }).pipe(Effect.provide(ApiKeys.layer({ signingSecret }).pipe(Layer.provide(calls.wrap(MemoryStore.layer)))))
  })
})

describe("a plaintext", () => {
  it.effect("is redacted wherever it is printed", () =>
    Effect.gen(function* () {
      const { key, plaintext } = yield* issueKey()
      const text = Redacted.value(plaintext)
      for (const print of [String(plaintext), JSON.stringify({ key, plaintext }), `${plaintext}`]) {
        assert.notInclude(print, text.slice(-20))
      }
    }).pipe(Effect.provide(live()))
  )
})

describe("metadata with a schema", () => {
  const Customer = Schema.Struct({ plan: Schema.Literal("free", "pro"), since: Schema.DateFromString })
  const CustomerKeys = ApiKeys.withMetadata(Customer)
  const typed = CustomerKeys.layer({ signingSecret }).pipe(Layer.provideMerge(MemoryStore.layer))
  const since = new Date("2026-01-02T03:04:05.678Z")

  const setUp = Effect.flatMap(Tenants, (tenants) => tenants.createOrganization({ name: "Acme Inc" }))

  it.effect("is given and returned in its own types, and stored as JSON", () =>
    Effect.gen(function* () {
      const keys = yield* CustomerKeys.ApiKeys
      const verifier = yield* CustomerKeys.KeyVerifier
      const { id: organizationId } = yield* setUp
      const { key, plaintext } = yield* keys.createKey({ organizationId, metadata: { plan: "pro", since } })
      assert.deepStrictEqual(key.metadata, { plan: "pro", since })
      assert.deepStrictEqual((yield* verifier.validateKey(plaintext)).key.metadata, { plan: "pro", since })
      const plain = yield* keys.getKey(key.id).pipe(Effect.provide(Layer.empty))
      assert.deepStrictEqual(plain.metadata.since, since)
      const updated = yield* keys.updateKey(key.id, { metadata: { plan: "free", since } })
      assert.strictEqual(updated.metadata.plan, "free")
    }).pipe(Effect.provide(typed))
  )

  it.effect("is refused where it does not fit, with path and rule, also where it is missing", () =>
    Effect.gen(function* () {
      const keys = yield* CustomerKeys.ApiKeys
      const { id: organizationId } = yield* setUp
      const refused = (metadata: unknown) =>
        Effect.map(Effect.flip(keys.createKey({ organizationId, metadata: metadata as never })), (error) =>
          error._tag === "InvalidInputError" ? error.issues.map(({ path }) => path) : error._tag
        )
      assert.deepStrictEqual(yield* refused({ plan: "gold", since }), ["metadata.plan"])
      assert.deepStrictEqual(yield* refused({ plan: "pro", since: "yesterday" }), ["metadata.since"])
      assert.deepStrictEqual(yield* refused({ plan: "pro", since, extra: 1 }), ["metadata.extra"])
      assert.deepStrictEqual(yield* refused(undefined), ["metadata.plan", "metadata.since"])
      assert.deepStrictEqual((yield* keys.listKeys({ organizationId })).items, [])
    }).pipe(Effect.provide(typed))
  )

  it.effect(
    "that was stored before and does not fit is a StoreError, never a wrong type",
    () =>
      Effect.gen(function* () {
        const store = yield* Layer.memoize(MemoryStore.layer)
        const over = <A, E, R>(layer: Layer.Layer<A, E, R>) => Effect.provide(layer.pipe(Layer.provide(store as never)))
        const { key } = yield* issueKey({ metadata: { plan: "gold" } }).pipe(over(ApiKeys.layer({ signingSecret })))
        const error = yield* Effect.flatMap(CustomerKeys.ApiKeys, (keys) => keys.getKey(key.id)).pipe(
          over(CustomerKeys.layer({ signingSecret })),
          Effect.flip
        )
        assert.deepInclude(error as object, { _tag: "StoreError", retryable: false })
      }).pipe(Effect.scoped) as Effect.Effect<void>
  )
})

describe("times", () => {
  it.effect("are taken from Effect's clock", () =>
    Effect.gen(function* () {
      const { key } = yield* issueKey()
      assert.strictEqual(DateTime.toEpochMillis(key.createdAt), 0)
    }).pipe(Effect.provide(live()))
  )
})
