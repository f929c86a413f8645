import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Option, Redacted, TestClock } from "effect"
import {
  ApiKeys,
  type ApiKeysOptions,
  KeyStore,
  KeyVerifier,
  MemoryStore,
  RateLimitStore,
  StoreError,
  type StorePorts,
  TenantStore,
  Tenants,
  UsageStore
} from "../../src/index.js"
import { issueKey, live, signingSecret } from "./live.js"

/** The services over a store of which some members are replaced. */
const over = (
  replace: (ports: Context.Context<StorePorts>) => Context.Context<StorePorts>,
  options: Partial<ApiKeysOptions> = {}
) =>
  ApiKeys.layer({ signingSecret, keyPrefix: "myapp", environment: "live", ...options }).pipe(
    Layer.provideMerge(Layer.map(MemoryStore.layer, replace))
  )

const broken = new StoreError({ operation: "test", retryable: true, reason: "is down" })

describe("a key that cannot be of this deployment", () => {
  const untouched = over((ports) =>
    Context.add(ports, KeyStore, {
      ...Context.get(ports, KeyStore),
      findByDigests: () => Effect.dieMessage("the store was asked")
    })
  )

  it.effect("is refused without touching the store", () =>
    Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey()
      const text = Redacted.value(plaintext)
      const others = [
        text.replace("_live_", "_test_"),
        text.replace("myapp", "other"),
        `${text.slice(0, -1)}${text.endsWith("x") ? "y" : "x"}`,
        "",
        "myapp_live_",
        `myapp_live_${"0".repeat(49)}`,
        "x".repeat(100_000)
      ]
      for (const other of others) {
        assert.strictEqual((yield* Effect.flip(verifier.verifyKey(other)))._tag, "InvalidKeyError")
        assert.strictEqual((yield* Effect.flip(verifier.validateKey(Redacted.make(other))))._tag, "InvalidKeyError")
      }
      const asked = yield* Effect.exit(verifier.verifyKey(plaintext))
      assert.isTrue(Exit.isFailure(asked) && asked.cause._tag === "Die")
    }).pipe(Effect.provide(untouched))
  )
})

describe("the row that a digest found", () => {
  it.effect("is compared once more, so that an index that answers wrongly lets nobody in", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey()
      yield* keys.getKey(key.id)
      assert.strictEqual((yield* Effect.flip(verifier.verifyKey(plaintext)))._tag, "InvalidKeyError")
    }).pipe(
      Effect.provide(
        over((ports) => {
          const store = Context.get(ports, KeyStore)
          return Context.add(ports, KeyStore, {
            ...store,
            findByDigests: (digests) =>
              Effect.map(store.findByDigests(digests), (found) =>
                found.map(Option.map((one) => ({ ...one, digest: one.digest.map((byte) => byte ^ 1) })))
              )
          })
        })
      )
    )
  )
})

describe("a store that fails in the middle of a verification", () => {
  const failing: ReadonlyArray<readonly [string, (ports: Context.Context<StorePorts>) => Context.Context<StorePorts>]> =
    [
      ["look-up", (ports) => override(ports, KeyStore, { findByDigests: () => Effect.fail(broken) })],
      ["project", (ports) => override(ports, TenantStore, { findProject: () => Effect.fail(broken) })],
      ["link", (ports) => override(ports, TenantStore, { areLinked: () => Effect.fail(broken) })],
      ["charge", (ports) => override(ports, RateLimitStore, { charge: () => Effect.fail(broken) })],
      ["durable use", (ports) => override(ports, RateLimitStore, { admit: () => Effect.fail(broken) })]
    ]
  const override = <I, S>(
    ports: Context.Context<StorePorts>,
    tag: Context.Tag<I & StorePorts, S>,
    members: Partial<S>
  ): Context.Context<StorePorts> =>
    Context.add(ports, tag, { ...Context.get(ports as Context.Context<I & StorePorts>, tag), ...members })

  for (const [part, replace] of failing) {
    it.effect(`is a StoreError, never an invalid key and never a pass: ${part}`, () =>
      Effect.gen(function* () {
        const tenants = yield* Tenants
        const keys = yield* ApiKeys
        const verifier = yield* KeyVerifier
        const [{ id: organizationId }] = yield* tenants.getOrCreateOrganization({ name: "Acme Inc" })
        const product = yield* tenants.createProduct({ organizationId, name: "Weather" })
        const project = yield* tenants.createProject({ organizationId, name: "Website" })
        yield* tenants.addProductToProject({ productId: product.id, projectId: project.id })
        const { plaintext } = yield* keys.createKey({
          organizationId,
          productId: product.id,
          rateLimits: [{ requests: 1, window: "day" }]
        })
        const error = yield* Effect.flip(verifier.validateKey(plaintext, { projectId: project.id }))
        assert.strictEqual(error, broken)
      }).pipe(Effect.provide(over(replace, part.startsWith("durable") ? { usage: "durable" } : {})))
    )
  }

  it.effect("and one that answers nothing is no pass either", () =>
    Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey({ rateLimits: [{ requests: 1, window: "day" }] })
      assert.strictEqual((yield* Effect.flip(verifier.validateKey(plaintext)))._tag, "StoreError")
    }).pipe(Effect.provide(over((ports) => override(ports, RateLimitStore, { charge: () => Effect.succeed([]) }))))
  )
})

describe("the order of checks", () => {
  it.effect("is status, organization and project and product, scopes, limits", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey({ rateLimits: [{ requests: 1, window: "day" }] })
      yield* verifier.validateKey(plaintext)
      const tag = (options: Parameters<typeof verifier.validateKey>[1]) =>
        Effect.map(Effect.flip(verifier.validateKey(plaintext, options)), ({ _tag }) => _tag)
      const nowhere = { organizationId: "00000000-0000-0000-0000-000000000000" }
      const requiredScopes = ["write"]
      assert.strictEqual(yield* tag({}), "QuotaError")
      assert.strictEqual(yield* tag({ requiredScopes }), "InsufficientScopeError")
      assert.strictEqual(yield* tag({ requiredScopes, ...nowhere }), "KeyNotAllowedError")
      yield* keys.revokeKey(key.id)
      assert.strictEqual(yield* tag({ requiredScopes, ...nowhere }), "RevokedKeyError")
      yield* keys.deleteKey(key.id)
      assert.strictEqual(yield* tag({ requiredScopes, ...nowhere }), "InvalidKeyError")
    }).pipe(Effect.provide(live()))
  )
})

describe("uses", () => {
  it.effect("of a caller that is interrupted are counted all the same, and nobody else's is lost", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey()
      const calls = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.fork(verifier.verifyKey(plaintext)))
      yield* Effect.yieldNow()
      const [first] = calls
      if (first !== undefined) yield* Fiber.interruptFork(first)
      const exits = yield* Effect.forEach(calls, Fiber.await)
      const successes = exits.filter(Exit.isSuccess).length
      assert.isAtLeast(successes, 19)
      assert.strictEqual(yield* verifier.flush("1 second"), 0)
      assert.isAtLeast((yield* keys.getKey(key.id)).useCount, successes)
    }).pipe(Effect.provide(live()))
  )

  it.effect("that arrive together are written together", () => {
    const batches: Array<number> = []
    return Effect.gen(function* () {
      const keys = yield* ApiKeys
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey()
      yield* Effect.all(
        Array.from({ length: 100 }, () => verifier.verifyKey(plaintext)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual((yield* keys.getKey(key.id)).useCount, 100)
      assert.deepStrictEqual(batches, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(batches, [1])
      assert.strictEqual((yield* keys.getKey(key.id)).useCount, 100)
    }).pipe(
      Effect.provide(
        over((ports) => {
          const store = Context.get(ports, UsageStore)
          return Context.add(ports, UsageStore, {
            record: (batch) => {
              batches.push(batch.number)
              return Effect.zipRight(Effect.yieldNow(), store.record(batch))
            }
          })
        })
      )
    )
  })

  it.live("that could not be flushed in time are told in number", () =>
    Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey()
      const calls = yield* Effect.forEach([1, 2], () => Effect.fork(verifier.verifyKey(plaintext)))
      yield* Effect.forEach(calls, Fiber.join)
      assert.strictEqual(yield* verifier.flush("50 millis"), 2)
      assert.strictEqual(yield* verifier.flush("10 seconds"), 0)
    }).pipe(
      Effect.provide(
        over((ports) => {
          const { record } = Context.get(ports, UsageStore)
          return Context.add(ports, UsageStore, { record: (batch) => Effect.delay(record(batch), "300 millis") })
        })
      )
    )
  )
})
