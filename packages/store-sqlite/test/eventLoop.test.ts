import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { makeSlices } from "../src/EventLoop.js"
import { makeLock } from "../src/Lock.js"

const busy = (millis: number) =>
  Effect.sync(() => {
    const end = performance.now() + millis
    while (performance.now() < end);
  })

/** How often timers ran while an effect did. */
const ticksDuring = (effect: Effect.Effect<unknown>) =>
  Effect.suspend(() => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    return Effect.as(
      effect,
      Effect.sync(() => ticks)
    ).pipe(Effect.flatten, Effect.ensuring(Effect.sync(() => clearInterval(timer))))
  })

const many = (effect: Effect.Effect<unknown>, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => effect, { concurrency: "unbounded", discard: true })

describe("turns", () => {
  it.live("give timers theirs between slices of work, which fibers alone do not", () =>
    Effect.gen(function* () {
      const turn = makeSlices(5).take
      assert.isAtMost(yield* ticksDuring(many(busy(1), 60)), 2)
      assert.isAtLeast(yield* ticksDuring(many(Effect.zipRight(turn, busy(1)), 60)), 8)
    })
  )

  it.live("let one piece of work pass each, if a slice is nothing", () =>
    Effect.gen(function* () {
      const turn = makeSlices(0).take
      assert.isAtLeast(yield* ticksDuring(many(Effect.zipRight(turn, busy(2)), 20)), 15)
    })
  )
})

describe("the lock", () => {
  it.live("is handed on in the order of asking", () =>
    Effect.gen(function* () {
      const { run: lock } = makeLock()
      const order: Array<number> = []
      const numbers = Array.from({ length: 100 }, (_, i) => i)
      yield* Effect.forEach(
        numbers,
        (n) =>
          lock(
            Effect.zipRight(
              Effect.sync(() => order.push(n)),
              Effect.yieldNow()
            )
          ),
        { concurrency: "unbounded", discard: true }
      )
      assert.deepStrictEqual(order, numbers)
    })
  )

  it.live("is not lost with those who are interrupted, whether they wait or have just been handed it", () =>
    Effect.gen(function* () {
      const { run: lock } = makeLock()
      for (let round = 0; round < 200; round++) {
        const holder = yield* Effect.fork(lock(Effect.sleep("1 millis")))
        yield* Effect.yieldNow()
        const waiting = yield* Effect.forEach(Array.from({ length: 5 }), () => Effect.fork(lock(Effect.yieldNow())))
        yield* Effect.yieldNow()
        const handOver = round % 2 === 0 ? Fiber.interruptFork(holder) : Effect.void
        yield* Effect.zipRight(handOver, Fiber.interruptAll([waiting[0]!, waiting[2]!]))
        yield* Fiber.joinAll([waiting[1]!, waiting[3]!, waiting[4]!])
        yield* Fiber.interrupt(holder)
      }
      yield* lock(Effect.void).pipe(Effect.timeout("1 second"))
    })
  )

  it.live("is given back by an effect that fails or dies", () =>
    Effect.gen(function* () {
      const { run: lock } = makeLock()
      yield* Effect.exit(lock(Effect.fail("no")))
      yield* Effect.exit(lock(Effect.dieMessage("never")))
      yield* lock(Effect.void).pipe(Effect.timeout("1 second"))
    })
  )

  it.live("costs each the same, however many wait", () =>
    Effect.gen(function* () {
      const { run: lock } = makeLock()
      const count = 5000
      const began = performance.now()
      yield* many(lock(Effect.yieldNow()), count)
      assert.isBelow((performance.now() - began) / count, 5, "milliseconds each")
    })
  )
})
