import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Fiber, Layer, type Scope } from "effect"
import {
  ApiKeys,
  type ApiKeysOptions,
  KeyVerifier,
  MemoryStore,
  type StorePorts,
  type Tenants
} from "../../../src/index.js"
import { interceptStore, makeStoreCalls, type StoreMember } from "../../../src/testing/index.js"
import { issueKey, signingSecret } from "../live.js"

/** As long as a revocation may take to be obeyed, in milliseconds, and more. */
const late = 1300

type Services = Context.Context<ApiKeys | KeyVerifier | Tenants>

/** Two processes over one store: what the first one asks of it takes a while to be answered once it was carried out. */
const twoProcesses = (
  slow: StoreMember,
  options: Partial<ApiKeysOptions> = {}
): Effect.Effect<
  readonly [one: Services, other: Services, calls: ReturnType<typeof makeStoreCalls>],
  unknown,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const ports: Context.Context<StorePorts> = yield* Layer.build(MemoryStore.layer)
    const store = Layer.succeedContext(ports)
    const calls = makeStoreCalls()
    const slowed = calls.wrap(
      interceptStore(store, ({ member }, effect) =>
        member === slow ? Effect.zipLeft(effect, Effect.sleep(late)) : effect
      )
    )
    const begin = (over: typeof store) =>
      Layer.build(
        Layer.fresh(ApiKeys.layer({ signingSecret, keyPrefix: "myapp", ...options }).pipe(Layer.provide(over)))
      )
    return [yield* begin(slowed), yield* begin(store), calls] as const
  })

const endings: ReadonlyArray<
  readonly [error: string, end: (keys: typeof ApiKeys.Service, id: string) => Effect.Effect<unknown, unknown>]
> = [
  ["RevokedKeyError", (keys, id) => keys.revokeKey(id)],
  ["DisabledKeyError", (keys, id) => keys.disableKey(id)],
  ["InvalidKeyError", (keys, id) => keys.deleteKey(id)],
  ["InvalidKeyError", (keys, id) => keys.rotateKey(id)]
]

const modes: ReadonlyArray<readonly [slow: StoreMember, options: Partial<ApiKeysOptions>]> = [
  ["KeyStore.findByDigests", {}],
  ["RateLimitStore.charge", { rateLimits: "exact" }],
  ["RateLimitStore.lease", { rateLimits: "leased" }],
  ["RateLimitStore.admit", { usage: "durable" }]
]

describe("a call that waits for the store", () => {
  for (const [slow, options] of modes) {
    for (const cache of [undefined, false] as const) {
      it.live(
        `does not pass for ${slow} where another process ended its key, ${cache === false ? "without" : "with"} a cache`,
        () =>
          Effect.gen(function* () {
            const [one, other] = yield* twoProcesses(slow, { ...options, ...(cache === false && { cache }) })
            const outcomes = yield* Effect.forEach(
              endings,
              ([expected, end]) =>
                Effect.gen(function* () {
                  const { key, plaintext } = yield* Effect.provide(
                    issueKey({ rateLimits: [{ requests: 100, window: "day" }] }),
                    other
                  )
                  const call = yield* Effect.fork(
                    Effect.flip(
                      Effect.provide(
                        Effect.flatMap(KeyVerifier, (verifier) => verifier.validateKey(plaintext)),
                        one
                      )
                    )
                  )
                  yield* Effect.sleep("100 millis")
                  yield* Effect.provide(
                    Effect.flatMap(ApiKeys, (keys) => end(keys, key.id)),
                    other
                  )
                  const error = yield* Fiber.join(call)
                  return [error._tag, expected]
                }),
              { concurrency: "unbounded" }
            )
            for (const [actual, expected] of outcomes) assert.strictEqual(actual, expected)
          }).pipe(Effect.scoped)
      )
    }
  }

  it.live("asks for nothing twice where the store answers in time", () =>
    Effect.gen(function* () {
      const [one, other, calls] = yield* twoProcesses("StoreHealth.ping", { cache: false })
      const { plaintext } = yield* Effect.provide(issueKey({ rateLimits: [{ requests: 100, window: "day" }] }), other)
      const verifier = yield* Effect.provide(KeyVerifier, one)
      calls.clear()
      yield* verifier.validateKey(plaintext)
      assert.deepStrictEqual([calls.count("KeyStore.findByDigests"), calls.count("RateLimitStore.charge")], [1, 1])
    }).pipe(Effect.scoped)
  )

  it.live("counts no use where it is refused after it was charged", () =>
    Effect.gen(function* () {
      const [one, other] = yield* twoProcesses("RateLimitStore.charge")
      const { key, plaintext } = yield* Effect.provide(
        issueKey({ rateLimits: [{ requests: 9, window: "day" }] }),
        other
      )
      const verifier = yield* Effect.provide(KeyVerifier, one)
      const call = yield* Effect.fork(Effect.flip(verifier.validateKey(plaintext)))
      yield* Effect.sleep("100 millis")
      const keys = yield* Effect.provide(ApiKeys, other)
      yield* keys.revokeKey(key.id)
      assert.strictEqual((yield* Fiber.join(call))._tag, "RevokedKeyError")
      assert.strictEqual(yield* verifier.flush("5 seconds"), 0)
      assert.strictEqual((yield* keys.getKey(key.id)).useCount, 0)
    }).pipe(Effect.scoped)
  )
})
