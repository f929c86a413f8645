import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Logger, LogLevel } from "effect"
import { withDeadline } from "../src/Deadline.js"

const late = () => "late" as const

const elapsedOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(Effect.exit(effect), (exit) => ({ exit, elapsed: performance.now() - began }))
  })

describe("a deadline", () => {
  it.live("lets through what comes in time, however it ends", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* withDeadline(Effect.succeed(1), 1000, late), 1)
      assert.strictEqual(yield* withDeadline(Effect.delay(Effect.succeed(2), "5 millis"), 1000, late), 2)
      assert.strictEqual(yield* Effect.flip(withDeadline(Effect.fail("no"), 1000, late)), "no")
      const died = yield* Effect.exit(withDeadline(Effect.die("bug"), 1000, late))
      assert.deepStrictEqual(died, Exit.die("bug"))
    })
  )

  it.live("does not wait for what cannot be interrupted", () =>
    Effect.gen(function* () {
      const stubborn = Effect.uninterruptible(Effect.sleep("2 seconds"))
      const { elapsed, exit } = yield* elapsedOf(withDeadline(stubborn, 100, late))
      assert.deepStrictEqual(exit, Exit.fail("late"))
      assert.isAtLeast(elapsed, 99)
      assert.isBelow(elapsed, 1500)
    })
  )

  it.live("has what is late give back what it holds", () =>
    Effect.gen(function* () {
      let held = false
      const holding = Effect.acquireUseRelease(
        Effect.sync(() => {
          held = true
        }),
        () => Effect.never,
        () =>
          Effect.sync(() => {
            held = false
          })
      )
      yield* Effect.flip(withDeadline(holding, 50, late))
      yield* Effect.sleep("20 millis")
      assert.isFalse(held)
    })
  )

  it.live("stands under an interruption, which does not wait either", () =>
    Effect.gen(function* () {
      let ended = false
      const slow = Effect.ensuring(
        Effect.sleep("5 seconds"),
        Effect.zipRight(
          Effect.sleep("100 millis"),
          Effect.sync(() => {
            ended = true
          })
        )
      )
      const fiber = yield* Effect.fork(withDeadline(slow, 10_000, late))
      yield* Effect.sleep("20 millis")
      const { elapsed, exit } = yield* elapsedOf(Effect.flatten(Fiber.interrupt(fiber)))
      assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      assert.isBelow(elapsed, 90)
      yield* Effect.sleep("300 millis")
      assert.isTrue(ended)
    })
  )

  it.live("ends what is late in the background, also where its caller cannot be interrupted", () =>
    Effect.gen(function* () {
      let ended = false
      const slow = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          ended = true
        })
      )
      yield* Effect.flip(Effect.uninterruptible(withDeadline(slow, 30, late)))
      yield* Effect.sleep("20 millis")
      assert.isTrue(ended)
    })
  )

  it.effect("goes by the machine's clock, whatever clock a test sets", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Effect.flip(withDeadline(Effect.never, 30, late)), "late")
    })
  )

  it.live("logs nothing of what failed", () =>
    Effect.gen(function* () {
      const logged: Array<unknown> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ cause, message }) => logged.push([message, cause]))
      )
      yield* withDeadline(Effect.fail("a row"), 1000, late).pipe(
        Effect.ignore,
        Effect.provide(logger),
        Logger.withMinimumLogLevel(LogLevel.All)
      )
      assert.deepStrictEqual(logged, [])
    })
  )
})
