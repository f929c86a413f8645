import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Layer } from "effect"
import {
  ApiKeys,
  type ApiKeysOptions,
  KeyVerifier,
  MemoryStore,
  RateLimitStore,
  StoreError,
  StoreHealth,
  type StorePorts,
  Tenants
} from "../../../src/index.js"
import { makeStoreFaults } from "../../../src/testing/index.js"
import { issueKey, signingSecret } from "../live.js"

const timeout = 400

/** What is promised on top, and what a machine that does something else as well may add. */
const slack = 300

/** A store that promises to answer in time, and does not keep to it. */
const overHanging = (options: Partial<ApiKeysOptions> = {}) => {
  const faults = makeStoreFaults()
  const promising = Layer.map(MemoryStore.layer, (ports: Context.Context<StorePorts>) =>
    Context.add(ports, StoreHealth, { ...Context.get(ports, StoreHealth), timeoutMillis: timeout })
  )
  const services = ApiKeys.layer({ signingSecret, keyPrefix: "myapp", cache: false, ...options })
  return { faults, live: Layer.provideMerge(services, faults.wrap(promising)) }
}

describe("callers of a store that hangs", () => {
  for (const [member, options] of [
    ["KeyStore.findByDigests", {}],
    ["RateLimitStore.charge", {}],
    ["RateLimitStore.lease", { rateLimits: "leased" }],
    ["RateLimitStore.admit", { usage: "durable" }],
    ["all", {}]
  ] as const) {
    it.live(`wait no longer than the timeout, whoever came before them: ${member}`, () => {
      const { faults, live } = overHanging(options)
      return Effect.gen(function* () {
        const verifier = yield* KeyVerifier
        const { plaintext } = yield* issueKey({ rateLimits: [{ requests: 1000, window: "day" }] })
        faults.inject(member, "hang")
        const calls = yield* Effect.forEach(
          Array.from({ length: 60 }, (_, i) => i),
          (i) =>
            Effect.gen(function* () {
              yield* Effect.sleep(i * 15)
              const began = performance.now()
              const result = yield* Effect.either(verifier.validateKey(plaintext))
              return { result, elapsed: performance.now() - began }
            }),
          { concurrency: "unbounded" }
        )
        for (const { elapsed, result } of calls) {
          assert.isTrue(Either.isLeft(result) && result.left instanceof StoreError && result.left.retryable)
          assert.isBelow(elapsed, timeout + slack)
          assert.isAtLeast(elapsed, timeout - 50)
        }
      }).pipe(Effect.provide(live))
    })
  }

  it.live("wait no longer for what asks several things, one after another", () => {
    const { faults, live } = overHanging({ maxKeyLifetime: "90 days" })
    return Effect.gen(function* () {
      const keys = yield* ApiKeys
      const tenants = yield* Tenants
      const { key } = yield* issueKey({ expiresAt: new Date(Date.now() + 86_400_000) })
      faults.inject("all", "hang")
      const operations: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        keys.updateKey(key.id, { expiresAt: new Date(Date.now() + 2 * 86_400_000) }),
        keys.getKey(key.id),
        keys.listKeys({ organizationId: key.organizationId }),
        keys.getLimits(key.id),
        keys.revokeKey(key.id),
        tenants.getOrCreateProject({ organizationId: key.organizationId, name: "v1" }),
        tenants.listOrganizations()
      ]
      const began = performance.now()
      const errors = yield* Effect.forEach(operations, Effect.flip, { concurrency: "unbounded" })
      assert.isBelow(performance.now() - began, timeout + slack)
      for (const error of errors) assert.deepInclude(error, { _tag: "StoreError", reason: "timeout", retryable: true })
    }).pipe(Effect.provide(live))
  })

  it.live("charge nothing any more once they are gone", () => {
    const { faults, live } = overHanging()
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey({ rateLimits: [{ requests: 1000, window: "day" }] })
      faults.inject("KeyStore.findByDigests", "hang", 1)
      yield* Effect.flip(verifier.validateKey(plaintext))
      const [limit] = yield* Effect.flatMap(ApiKeys, (keys) => keys.getLimits(key.id))
      assert.strictEqual(limit?.remaining, 1000)
    }).pipe(Effect.provide(live))
  })
})

describe("callers that wait together", () => {
  const failed = (options: Partial<ApiKeysOptions>, member: "KeyStore.findByDigests" | "RateLimitStore.charge") => {
    const { faults, live } = overHanging(options)
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey({ rateLimits: [{ requests: 1000, window: "day" }] })
      faults.inject(member, "fail")
      const errors = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Effect.flip(verifier.validateKey(plaintext)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(errors).size, 50)
      for (const error of errors) {
        assert.deepInclude(error, {
          _tag: "StoreError",
          operation: member,
          reason: "an injected fault",
          retryable: true
        })
      }
    }).pipe(Effect.provide(live))
  }

  it.live("for one look-up are rejected with an error each", () => failed({ cache: {} }, "KeyStore.findByDigests"))

  it.live("for one batch of look-ups are rejected with an error each", () =>
    failed({ cache: false }, "KeyStore.findByDigests")
  )

  it.live("for one batch of charges are rejected with an error each", () => failed({}, "RateLimitStore.charge"))

  it.live("for a plaintext that is unknown are rejected with an error each", () => {
    const { live } = overHanging({ cache: {} })
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey()
      yield* Effect.flatMap(ApiKeys, (keys) => keys.deleteKey(key.id))
      const errors = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Effect.flip(verifier.verifyKey(plaintext)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(errors).size, 50)
      for (const { _tag } of errors) assert.strictEqual(_tag, "InvalidKeyError")
    }).pipe(Effect.provide(live))
  })
})

describe("a key that another transaction has locked", () => {
  for (const [member, options] of [
    ["charge", {}],
    ["lease", { rateLimits: "leased" }],
    ["admit", { usage: "durable" }]
  ] as const) {
    it.live(`waits until it is not, and no other key does: ${member}`, () => {
      const locked = new Set<string>()
      const over = Layer.map(MemoryStore.layer, (ports: Context.Context<StorePorts>) => {
        const store = Context.get(ports, RateLimitStore)
        const skipping = (requests: ReadonlyArray<{ readonly keyId: string }>) => {
          const answers = store[member](requests.filter(({ keyId }) => !locked.has(keyId)) as never) as Effect.Effect<
            ReadonlyArray<object>,
            StoreError
          >
          return Effect.map(answers, (given) => {
            let next = 0
            return requests.map(({ keyId }) => (locked.has(keyId) ? { _tag: "Locked" } : given[next++]))
          })
        }
        return Context.add(ports, RateLimitStore, { ...store, [member]: skipping } as typeof store)
      })
      const services = ApiKeys.layer({ signingSecret, keyPrefix: "myapp", ...options })
      return Effect.gen(function* () {
        const verifier = yield* KeyVerifier
        const keys = yield* Effect.forEach(Array.from({ length: 3 }), () =>
          issueKey({ rateLimits: [{ requests: 5, window: "day" }] })
        )
        const [one, ...others] = keys as [(typeof keys)[number], ...typeof keys]
        locked.add(one.key.id)
        const order: Array<number> = []
        const waiting = yield* Effect.fork(
          Effect.forEach(
            Array.from({ length: 8 }, (_, i) => i),
            (i) =>
              Effect.tap(Effect.either(verifier.validateKey(one.plaintext)), (result) => {
                if (Either.isRight(result)) order.push(i)
              }),
            { concurrency: "unbounded" }
          )
        )
        for (let round = 0; round < 5; round++) {
          for (const { plaintext } of others) yield* verifier.validateKey(plaintext)
          yield* Effect.sleep("10 millis")
        }
        assert.deepStrictEqual(order, [])
        locked.clear()
        const results = yield* waiting
        // In the order in which they came, and not one too many.
        assert.deepStrictEqual(order, [0, 1, 2, 3, 4])
        assert.strictEqual(results.filter(Either.isRight).length, 5)
      }).pipe(Effect.provide(Layer.provideMerge(services, over)))
    })
  }
})
