import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, type Redacted, TestClock } from "effect"
import { charge, KeyVerifier, type RateLimit, type RateLimitState } from "../../src/index.js"
import { issueKey, live as liveWith } from "./live.js"

/** Uses would be flushed whenever a second passes, and a month is many of these. */
const live = () => liveWith({ usage: "off" })

const start = Date.UTC(2030, 0, 31, 23, 59, 30)

const admits = (plaintext: Redacted.Redacted<string>, cost = 1) =>
  Effect.gen(function* () {
    const verifier = yield* KeyVerifier
    const result = yield* Effect.either(verifier.validateKey(plaintext, { cost }))
    return result._tag === "Right"
  })

const countAdmitted = (plaintext: Redacted.Redacted<string>, calls: number) =>
  Effect.map(
    Effect.all(
      Array.from({ length: calls }, () => admits(plaintext)),
      { concurrency: "unbounded" }
    ),
    (results) => results.filter(Boolean).length
  )

describe("a limit's windows, as time passes", () => {
  it.effect("fixed-window: at most so many in each minute of the clock", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const { plaintext } = yield* issueKey({ rateLimits: [{ requests: 5, window: "minute" }] })
      assert.strictEqual(yield* countAdmitted(plaintext, 20), 5)
      yield* TestClock.adjust("29999 millis")
      assert.isFalse(yield* admits(plaintext))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* countAdmitted(plaintext, 20), 5)
    }).pipe(Effect.provide(live()))
  )

  it.effect("fixed-window: a month is one of the UTC calendar", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const { plaintext } = yield* issueKey({ rateLimits: [{ requests: 2, window: "month" }] })
      assert.strictEqual(yield* countAdmitted(plaintext, 4), 2)
      yield* TestClock.setTime(Date.UTC(2030, 1, 1))
      assert.strictEqual(yield* countAdmitted(plaintext, 4), 2)
      yield* TestClock.setTime(Date.UTC(2030, 1, 28, 23, 59, 59, 999))
      assert.isFalse(yield* admits(plaintext))
      yield* TestClock.setTime(Date.UTC(2030, 2, 1))
      assert.isTrue(yield* admits(plaintext))
    }).pipe(Effect.provide(live()))
  )

  it.effect("sliding-window: no burst at the boundary", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const { plaintext } = yield* issueKey({
        rateLimits: [{ requests: 10, window: "minute", algorithm: "sliding-window" }]
      })
      assert.strictEqual(yield* countAdmitted(plaintext, 20), 10)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* countAdmitted(plaintext, 20), 0)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* countAdmitted(plaintext, 20), 5)
    }).pipe(Effect.provide(live()))
  )

  it.effect("token-bucket: refills evenly up to its burst", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const { plaintext } = yield* issueKey({
        rateLimits: [{ requests: 60, window: "minute", algorithm: "token-bucket", burst: 3 }]
      })
      assert.strictEqual(yield* countAdmitted(plaintext, 10), 3)
      yield* TestClock.adjust("999 millis")
      assert.isFalse(yield* admits(plaintext))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* countAdmitted(plaintext, 10), 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* countAdmitted(plaintext, 10), 3)
    }).pipe(Effect.provide(live()))
  )

  it.effect("steady traffic below the limit is never refused", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      for (const algorithm of ["fixed-window", "sliding-window", "token-bucket"] as const) {
        const { plaintext } = yield* issueKey({ rateLimits: [{ requests: 60, window: "minute", algorithm }] })
        for (let call = 0; call < 300; call++) {
          assert.isTrue(yield* admits(plaintext), `${algorithm}, call ${call}`)
          yield* TestClock.adjust("1100 millis")
        }
      }
    }).pipe(Effect.provide(live()))
  )
})

const limits: fc.Arbitrary<RateLimit> = fc.record({
  name: fc.constant("default"),
  algorithm: fc.constantFrom("fixed-window" as const, "sliding-window" as const, "token-bucket" as const),
  requests: fc.integer({ min: 1, max: 20 }),
  window: fc.constantFrom("second" as const, "minute" as const, 7),
  burst: fc.constant(null)
})

const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 4 })), { maxLength: 30 })

it.effect.prop(
  "verification decides as the pure algorithm does, whatever the calls and pauses",
  [limits, steps],
  ([drawn, calls]) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const limit = drawn.algorithm === "token-bucket" ? { ...drawn, burst: drawn.requests } : drawn
      const { plaintext } = yield* issueKey({ rateLimits: [limit] })
      let state: RateLimitState | null = null
      let now = start
      for (const [pause, cost] of calls) {
        now += pause
        yield* TestClock.setTime(now)
        const [decision, after]: ReturnType<typeof charge> = charge(limit, state, now, cost)
        assert.strictEqual(yield* admits(plaintext, cost), decision.allowed)
        if (decision.allowed && cost > 0) state = after
      }
    }).pipe(Effect.provide(live()))
)
