import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, FastCheck as fc, Layer, Redacted, Scope, TestClock } from "effect"
import { ApiKeys, charge, KeyVerifier, MemoryStore, type RateLimit, type RateLimitState } from "../../../src/index.js"
import { issueKey, signingSecret } from "../live.js"
import { processes } from "./processes.js"

const start = Date.UTC(2030, 0, 31, 23, 59, 30)

const roomy = 1_000_000

/** A process with so many keys whose limits have much left. */
const ofKeys = (count: number) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const { all, calls, channel } = yield* processes(1)
    const [own] = all as [(typeof all)[number]]
    const issue = issueKey({ rateLimits: [{ requests: roomy, window: "hour" }] })
    const keys = yield* Effect.provide(Effect.all(Array.from({ length: count }, () => issue)), own)
    return { calls, channel, keys, own }
  })

describe("leased limits", () => {
  it.effect("go to the store now and then, and show what is left as if each call had", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const { all, calls, channel } = yield* processes(1)
      const [own] = all as [(typeof all)[number]]
      const verifier = Context.get(own, KeyVerifier)
      const { plaintext } = yield* Effect.provide(
        issueKey({ rateLimits: [{ requests: 10_000, window: "minute" }] }),
        own
      )
      yield* channel.confirm()
      for (let n = 1; n <= 2000; n++) {
        const { limits } = yield* verifier.validateKey(plaintext)
        assert.strictEqual(limits[0]?.remaining, 10_000 - n)
      }
      assert.isBelow(calls.count("RateLimitStore.lease"), 20)
    }).pipe(Effect.scoped)
  )

  it.effect("of many keys that are called in turn, each seldom, are charged together", () =>
    Effect.gen(function* () {
      const { calls, channel, keys, own } = yield* ofKeys(300)
      const go = Effect.gen(function* () {
        for (const { plaintext } of keys) {
          yield* TestClock.adjust("1 millis")
          yield* channel.confirm()
          yield* Context.get(own, KeyVerifier).validateKey(plaintext)
        }
      })
      yield* Effect.repeatN(go, 3)
      calls.clear()
      yield* Effect.repeatN(go, 3)
      assert.isBelow(calls.count("RateLimitStore.lease"), 1200 / 15)
      assert.isBelow(calls.count("RateLimitStore.refund"), 1200 / 15)
      yield* TestClock.adjust("250 millis")
      for (const { key } of keys) {
        const [limit] = yield* Context.get(own, ApiKeys).getLimits(key.id)
        assert.strictEqual(limit?.remaining, roomy - 8)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("of keys that are called all the time come to be taken in one go, however their calls fall", () =>
    Effect.gen(function* () {
      const { calls, channel, keys, own } = yield* ofKeys(30)
      let at = 0
      const goTo = (end: number) =>
        Effect.gen(function* () {
          for (; at < end; at += 5) {
            yield* TestClock.adjust("5 millis")
            yield* channel.confirm()
            for (const [i, { plaintext }] of keys.entries()) {
              // Each has a rhythm of its own, and some begin later.
              if (at >= 17 * i && (at / 5) % (1 + (i % 4)) === 0) {
                yield* Context.get(own, KeyVerifier).validateKey(plaintext)
              }
            }
          }
        })
      yield* goTo(1200)
      calls.clear()
      yield* goTo(2200)
      // A lease lasts for 200 milliseconds.
      assert.isAtMost(calls.count("RateLimitStore.lease"), 7)
    }).pipe(Effect.scoped)
  )

  it.effect("give back within a quarter of a second what was not spent", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const { all, channel } = yield* processes(2)
      const [one, other] = all as [(typeof all)[number], (typeof all)[number]]
      const { key, plaintext } = yield* Effect.provide(
        issueKey({ rateLimits: [{ requests: 1000, window: "minute" }] }),
        one
      )
      yield* channel.confirm()
      for (let n = 0; n < 100; n++) yield* Context.get(one, KeyVerifier).validateKey(plaintext)
      const left = Effect.map(Context.get(other, ApiKeys).getLimits(key.id), ([limit]) => limit?.remaining)
      assert.isBelow((yield* left) ?? 0, 900)
      yield* TestClock.adjust("250 millis")
      assert.strictEqual(yield* left, 900)
    }).pipe(Effect.scoped)
  )

  it.effect("are all given back when a process ends", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const ports = yield* Layer.build(MemoryStore.layer)
      const services = ApiKeys.layer({ signingSecret, keyPrefix: "myapp", usage: "off", rateLimits: "leased" })
      const process = Layer.fresh(Layer.provide(services, Layer.succeedContext(ports)))
      const use = Effect.gen(function* () {
        const verifier = yield* KeyVerifier
        const { key, plaintext } = yield* issueKey({ rateLimits: [{ requests: 1000, window: "minute" }] })
        for (let n = 0; n < 10; n++) yield* verifier.validateKey(plaintext)
        const keys = yield* ApiKeys
        assert.isBelow((yield* keys.getLimits(key.id))[0]?.remaining ?? 0, 1000 - 10 + 1)
        return key.id
      })
      const id = yield* Effect.provide(use, process)
      const keys = Effect.flatMap(ApiKeys, (service) => service.getLimits(id))
      assert.strictEqual((yield* Effect.provide(keys, process))[0]?.remaining, 990)
    }).pipe(Effect.scoped)
  )

  const limits: fc.Arbitrary<RateLimit> = fc.record({
    name: fc.constant("default"),
    algorithm: fc.constantFrom("fixed-window" as const, "sliding-window" as const, "token-bucket" as const),
    requests: fc.integer({ min: 20, max: 300 }),
    window: fc.constantFrom("second" as const, 2),
    burst: fc.constant(null)
  })
  const steps = fc.array(
    fc.record({
      /** Which processes call, at once or in turn, and how often each. */
      callers: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
      calls: fc.integer({ min: 1, max: 60 }),
      together: fc.boolean(),
      pause: fc.constantFrom(0, 0, 0, 3, 20, 100, 300),
      /** Which process is killed after it, with all that it holds. */
      dies: fc.constantFrom(null, null, null, 0, 3)
    }),
    { minLength: 5, maxLength: 25, size: "max" }
  )

  it.effect.prop(
    "admit nothing that the exact algorithm would not admit, in four processes, some of which are killed",
    [limits, steps],
    ([drawn, played]) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(start)
        const limit = drawn.algorithm === "token-bucket" ? { ...drawn, burst: drawn.requests } : drawn
        let dying = false
        const { begin, channel } = yield* processes(0, ({ member }, effect) => {
          if (member === "RateLimitStore.refund" && dying) return Effect.succeed([])
          // Others go on before it was carried out, and before it is known.
          return Effect.yieldNow().pipe(Effect.zipRight(effect), Effect.zipLeft(Effect.yieldNow()))
        })
        const startOne = Effect.gen(function* () {
          const scope = yield* Scope.make()
          return { scope, services: yield* Scope.extend(begin, scope) }
        })
        const all = yield* Effect.all(Array.from({ length: 4 }, () => startOne))
        const [first] = all as [(typeof all)[number]]
        const { plaintext } = yield* Effect.provide(issueKey({ rateLimits: [limit] }), first.services)
        const text = Redacted.value(plaintext)
        let reference: RateLimitState | null = null
        let now = start
        for (const { callers, calls, dies, pause, together } of played) {
          now += pause
          yield* TestClock.setTime(now)
          yield* channel.confirm()
          const concurrency = together ? "unbounded" : 1
          const results = yield* Effect.forEach(
            callers.flatMap((process) => Array.from({ length: calls }, () => all[process] as (typeof all)[number])),
            ({ services }) => Effect.either(Context.get(services, KeyVerifier).validateKey(text)),
            { concurrency }
          )
          for (const { _tag } of results) {
            if (_tag === "Left") continue
            const [decision, after]: ReturnType<typeof charge> = charge(limit, reference, now, 1)
            assert.isTrue(decision.allowed)
            reference = after
          }
          if (dies === null) continue
          dying = true
          yield* Scope.close((all[dies] as (typeof all)[number]).scope, Exit.void)
          dying = false
          all[dies] = yield* startOne
        }
        for (const { scope } of all) yield* Scope.close(scope, Exit.void)
      }).pipe(Effect.scoped),
    { fastCheck: { numRuns: 20 }, timeout: 120_000 }
  )
})
