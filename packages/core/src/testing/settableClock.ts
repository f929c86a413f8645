import { Clock, Effect, Layer } from "effect"

/**
 * A clock that stands still until it is set. Sleeping stays live, so timeouts and retries fire by themselves,
 * which under `TestClock` they do not.
 *
 * @since 0.1.0
 */
export interface SettableClock {
  /** For `Effect.withClock`. */
  readonly clock: Clock.Clock
  /** Sets the time, in milliseconds since the epoch: forwards or backwards. */
  readonly set: (millis: number) => void
  /** Moves the time by so many milliseconds: backwards if negative. */
  readonly adjust: (millis: number) => void
  /** Puts a layer, the fibers that it forks, and the effects that it is provided to under this clock. */
  readonly drive: <A, E, R>(layer: Layer.Layer<A, E, R>) => Layer.Layer<A, E, R>
}

/**
 * Makes a clock that stands at a time in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export const makeSettableClock = (start: number): SettableClock => {
  const live = Clock.make()
  let now = start
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    sleep: (duration) => live.sleep(duration)
  }
  return {
    clock,
    set: (millis) => {
      now = millis
    },
    adjust: (millis) => {
      now += millis
    },
    drive: (layer) => Layer.provideMerge(layer, Layer.setClock(clock))
  }
}
