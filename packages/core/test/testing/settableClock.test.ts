import { makeSettableClock } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"

describe("makeSettableClock", () => {
  it.live("sets the time of a layer, its fibers and what it is provided to, and lets them sleep", () =>
    Effect.gen(function* () {
      const settable = makeSettableClock(1000)
      const times: Array<number> = []
      const note = Effect.map(Clock.currentTimeMillis, (now) => void times.push(now))
      const layer = settable.drive(Layer.scopedDiscard(Effect.zipRight(note, Effect.flatten(Effect.fork(note)))))
      const program = Effect.gen(function* () {
        yield* note
        settable.set(5000)
        yield* Effect.sleep(1)
        yield* note
        settable.adjust(-1)
        yield* Effect.flatten(Effect.fork(note))
      })
      yield* Effect.provide(program, layer)
      assert.deepStrictEqual(times, [1000, 1000, 1000, 5000, 4999])
      assert.strictEqual(yield* Effect.withClock(Clock.currentTimeMillis, settable.clock), 4999)
      assert.isAbove(yield* Clock.currentTimeMillis, 5000)
    })
  )
})
