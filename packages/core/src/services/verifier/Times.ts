import type { Clock } from "effect"

/** A moment: since the epoch, and by a clock that nobody sets. */
export interface Times {
  readonly millis: number
  readonly monotonic: number
}

/** Milliseconds of a clock that nobody sets. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6

/** This moment by both. */
export const timesOf = (clock: Clock.Clock): Times => ({
  millis: clock.unsafeCurrentTimeMillis(),
  monotonic: monotonicMillis(clock)
})
