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

/**
 * The clocks may part by so much before what depends on time passing is not trusted. The one that nobody sets stands
 * still while a machine is suspended, and goes back where an earlier state of it is restored.
 */
const partingMillis = 500

/** How far the time since the epoch is ahead of the clock that nobody sets. */
export const offsetOf = ({ millis, monotonic }: Times): number => millis - monotonic

/** Whether the clocks have parted since they were so far apart: then nobody knows how much time has passed. */
export const haveParted = (offset: number, now: Times): boolean => Math.abs(offsetOf(now) - offset) > partingMillis
