import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { ApiKeys, type ApiKeysOptions, KeyVerifier, MemoryStore } from "../../../src/index.js"
import { interceptStore } from "../../../src/testing/index.js"
import { issueKey, signingSecret } from "../live.js"

const settle = Effect.repeatN(Effect.yieldNow(), 20)

/** Two calls wait for a look-up that hangs; one of them is interrupted, then the look-up ends. */
const interruptOne = (
  options: Pick<ApiKeysOptions, "usage" | "rateLimits">,
  protect: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = (call) => call
) => {
  return Effect.gen(function* () {
    const released = yield* Deferred.make<void>()
    const store = interceptStore(MemoryStore.layer, ({ member }, effect) =>
      member === "KeyStore.findByDigests" ? Effect.zipRight(Deferred.await(released), effect) : effect
    )
    const services = ApiKeys.layer({ signingSecret, keyPrefix: "myapp", cache: false, ...options }).pipe(
      Layer.provideMerge(store)
    )
    return yield* Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const keys = yield* ApiKeys
      const { key, plaintext } = yield* issueKey({ rateLimits: [{ requests: 10, window: "day" }] })
      const call = verifier.validateKey(plaintext)
      const one = yield* Effect.fork(protect(call))
      const other = yield* Effect.fork(call)
      yield* settle
      yield* Fiber.interruptFork(one)
      yield* settle
      yield* Deferred.succeed(released, undefined)
      const answered = yield* Fiber.join(other)
      const exit = yield* Fiber.await(one)
      const [limit] = yield* keys.getLimits(key.id)
      return { exit, remaining: limit?.remaining, useCount: answered.key.useCount }
    }).pipe(Effect.provide(services))
  })
}

describe("a call that is interrupted while the store looks its key up", () => {
  for (const options of [{ usage: "durable" }, { usage: "deferred", rateLimits: "memory" }] as const) {
    it.effect(`costs nothing, and takes nobody else with it: ${options.usage}`, () =>
      Effect.gen(function* () {
        const { exit, remaining, useCount } = yield* interruptOne(options)
        assert.isTrue(Exit.isInterrupted(exit))
        assert.deepStrictEqual({ remaining, useCount }, { remaining: 9, useCount: 1 })
      })
    )
  }

  it.effect("goes on where it may not be interrupted", () =>
    Effect.gen(function* () {
      const { remaining } = yield* interruptOne({ usage: "durable" }, Effect.uninterruptible)
      assert.strictEqual(remaining, 8)
    })
  )
})
