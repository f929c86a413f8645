import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, FastCheck as fc, Option, type Redacted, TestClock } from "effect"
import { ApiKeys, KeyVerifier, type RateLimitAlgorithm, type Tenants } from "../../../src/index.js"
import { issueKey } from "../live.js"
import { processes } from "./processes.js"

const start = Date.UTC(2030, 0, 31, 12, 0, 30)

type Process = Context.Context<ApiKeys | KeyVerifier | Tenants>

/** So many calls, one after another or all at once; how many of them are admitted. */
const call = (process: Process, plaintext: Redacted.Redacted, calls: number, atOnce: boolean, cost = 1) =>
  Effect.map(
    Effect.all(
      Array.from({ length: calls }, () =>
        Effect.either(Context.get(process, KeyVerifier).validateKey(plaintext, { cost }))
      ),
      { concurrency: atOnce ? "unbounded" : 1 }
    ),
    (results) => results.filter(({ _tag }) => _tag === "Right").length
  )

const inARow = (process: Process, plaintext: Redacted.Redacted, calls: number, cost = 1) =>
  call(process, plaintext, calls, false, cost)

const atOnce = (process: Process, plaintext: Redacted.Redacted, calls: number, cost = 1) =>
  call(process, plaintext, calls, true, cost)

const setUp = (
  count: number,
  requests: number,
  intercept?: Parameters<typeof processes>[1],
  algorithm: RateLimitAlgorithm = "fixed-window"
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const { all, calls, channel } = yield* processes(count, intercept)
    const [one, other = one] = all as [Process, Process?]
    const { key, plaintext } = yield* Effect.provide(
      issueKey({ rateLimits: [{ requests, window: "day", algorithm }] }),
      one
    )
    yield* channel.confirm()
    const left = Effect.map(Context.get(other, ApiKeys).getLimits(key.id), ([limit]) => limit?.remaining ?? 0)
    return { one, other, id: key.id, plaintext, calls, channel, left }
  })

describe("leased limits of a process that has a limit to itself", () => {
  for (const algorithm of ["fixed-window", "sliding-window", "token-bucket"] as const) {
    for (const requests of [1, 16, 50, 700]) {
      it.effect(`admit ${requests} of twice as many calls that are made at once: ${algorithm}`, () =>
        Effect.gen(function* () {
          const { one, plaintext } = yield* setUp(1, requests, undefined, algorithm)
          assert.strictEqual(yield* atOnce(one, plaintext, 2 * requests), requests)
        }).pipe(Effect.scoped)
      )
    }
  }

  it.effect.prop(
    "admit exactly the limit, however calls come, and refuse none but for want of permits",
    [
      fc.integer({ min: 1, max: 400 }),
      fc.array(
        fc.record({
          calls: fc.integer({ min: 1, max: 120 }),
          together: fc.boolean(),
          cost: fc.constantFrom(1, 1, 1, 3, 20),
          pause: fc.constantFrom(0, 0, 1, 5, 12, 30, 100, 210, 300)
        }),
        { minLength: 3, maxLength: 20, size: "max" }
      )
    ],
    ([requests, played]) =>
      Effect.gen(function* () {
        const { channel, one, plaintext } = yield* setUp(1, requests)
        let left = requests
        for (const { calls, cost, pause, together } of played) {
          yield* TestClock.adjust(pause)
          yield* channel.confirm()
          const admitted = yield* call(one, plaintext, calls, together, cost)
          assert.strictEqual(admitted, Math.min(calls, Math.floor(left / cost)))
          left -= admitted * cost
        }
        assert.strictEqual(yield* atOnce(one, plaintext, left + 10), left)
      }).pipe(Effect.scoped),
    { fastCheck: { numRuns: 25 }, timeout: 120_000 }
  )

  it.effect("wait for what is on its way back to the store", () =>
    Effect.gen(function* () {
      const gate = yield* Effect.makeLatch(false)
      const { calls, channel, one, other, plaintext } = yield* setUp(2, 100, ({ member }, effect) =>
        member === "RateLimitStore.refund" ? Effect.zipRight(gate.await, effect) : effect
      )
      yield* Effect.addFinalizer(() => gate.open)
      assert.strictEqual(yield* inARow(one, plaintext, 31), 31)
      const taken = yield* atOnce(other, plaintext, 100)
      assert.isBelow(taken, 69)
      yield* TestClock.adjust("20 millis")
      yield* channel.confirm()
      assert.strictEqual(calls.count("RateLimitStore.refund"), 1)
      const late = yield* Effect.fork(atOnce(one, plaintext, 100))
      yield* TestClock.adjust("1 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(late)))
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(late), 69 - taken)
    }).pipe(Effect.scoped)
  )

  it.effect("are refused at once, and ask the store once for all that come together", () =>
    Effect.gen(function* () {
      const { calls, one, plaintext } = yield* setUp(1, 100)
      assert.strictEqual(yield* inARow(one, plaintext, 100), 100)
      calls.clear()
      assert.strictEqual(yield* inARow(one, plaintext, 1), 0)
      assert.strictEqual(yield* atOnce(one, plaintext, 200), 0)
      assert.strictEqual(calls.count("RateLimitStore.lease"), 2)
    }).pipe(Effect.scoped)
  )

  it.effect("give nothing back to counters that begin anew", () =>
    Effect.gen(function* () {
      const { channel, id, left, one, plaintext } = yield* setUp(1, 1000)
      // One that costs more than there is at hand brings a lease in place of another, whose rest is still to be returned.
      yield* inARow(one, plaintext, 4)
      yield* inARow(one, plaintext, 3, 7)
      yield* Context.get(one, ApiKeys).resetLimits(id)
      yield* channel.confirm()
      assert.strictEqual(yield* inARow(one, plaintext, 1, 900), 1)
      yield* TestClock.adjust("250 millis")
      assert.strictEqual(yield* left, 100)
    }).pipe(Effect.scoped)
  )
})

describe("leased limits that others charge as well", () => {
  it.effect("hold permits for less time, the fewer are left", () =>
    Effect.gen(function* () {
      const { left, one, plaintext } = yield* setUp(2, 100)
      yield* inARow(one, plaintext, 31)
      assert.isBelow(yield* left, 69)
      yield* TestClock.adjust("20 millis")
      assert.strictEqual(yield* left, 69)
    }).pipe(Effect.scoped)
  )

  it.effect("wait for a moment before the first refusal, until permits of others return", () =>
    Effect.gen(function* () {
      const { calls, one, other, plaintext } = yield* setUp(2, 100)
      assert.strictEqual(yield* inARow(one, plaintext, 31), 31)
      yield* inARow(other, plaintext, 1)
      calls.clear()
      const rest = yield* Effect.fork(atOnce(other, plaintext, 100))
      yield* TestClock.adjust("20 millis")
      assert.strictEqual(yield* Fiber.join(rest), 68)
      assert.strictEqual(calls.count("RateLimitStore.lease"), 2)
    }).pipe(Effect.scoped)
  )

  it.effect("do not wait again, once nothing returned", () =>
    Effect.gen(function* () {
      const { calls, one, other, plaintext } = yield* setUp(2, 100)
      yield* atOnce(one, plaintext, 100)
      calls.clear()
      assert.strictEqual(yield* atOnce(other, plaintext, 50), 0)
      assert.strictEqual(calls.count("RateLimitStore.lease"), 2)
      assert.strictEqual(yield* inARow(other, plaintext, 20), 0)
      assert.strictEqual(calls.count("RateLimitStore.lease"), 22)
    }).pipe(Effect.scoped)
  )
})
