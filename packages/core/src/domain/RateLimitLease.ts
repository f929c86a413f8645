import { capacityOf, type RateLimit } from "./RateLimit.js"
import { charge, clockToleranceMillis, type RateLimitState } from "./RateLimitCharge.js"
import { refillMillis, windowAt } from "./RateLimitWindow.js"

/** Permits of all the limits of a key, taken ahead. They count from when they were taken. */
export interface RateLimitLease {
  readonly permits: number
  /** When they were taken, in milliseconds since the epoch, by the time of whoever keeps the counters. */
  readonly grantedAt: number
  /** For how long from then on they may be spent. */
  readonly lifetimeMillis: number
}

/** As long as a permit may be held: others are refused meanwhile who might have had it. */
export const maxLeaseMillis = 250

/** Clocks of one second may differ by as much over a lease. */
const marginMillis = 5

/** One in so many of what is left is taken ahead, so that leases shrink to none as a limit nears exhaustion. */
const share = 16

/** A lease may cost a bucket one in so many of its tokens. */
const bucketShare = 128

const lifetimeOf = (limit: RateLimit, now: number): number =>
  limit.algorithm === "token-bucket"
    ? Math.floor((capacityOf(limit) * refillMillis(limit.window)) / limit.requests / bucketShare)
    : windowAt(limit.window, now).end - now - marginMillis

/**
 * Takes permits ahead: of what was not charged before, so many at most, and fewer the less is left. None lives past the
 * window that it was taken from.
 *
 * @param states as they are kept, one for each limit
 * @returns the lease and the states to keep; `null` where there is nothing to be had
 * @since 0.1.0
 */
export const leaseAll = (
  limits: ReadonlyArray<RateLimit>,
  states: ReadonlyArray<RateLimitState | null>,
  now: number,
  wanted: number
): readonly [RateLimitLease, ReadonlyArray<RateLimitState>] | null => {
  const looks = limits.map((limit, i) => charge(limit, states[i] ?? null, now, 0))
  const left = Math.min(...looks.map(([{ remaining }]) => remaining))
  const permits = Math.min(wanted, Math.floor(left / share))
  // A state may be a little newer than the time.
  const grantedAt = Math.max(...looks.map(([, { at }]) => at))
  const lifetimeMillis = Math.min(maxLeaseMillis, ...limits.map((limit) => lifetimeOf(limit, grantedAt)))
  if (permits < 1 || lifetimeMillis < 1) return null
  const after = limits.map((limit, i) => take(limit, (looks[i] as (typeof looks)[number])[1], permits, lifetimeMillis))
  return [{ permits, grantedAt, lifetimeMillis }, after]
}

const take = (limit: RateLimit, state: RateLimitState, permits: number, lifetimeMillis: number): RateLimitState => {
  const used = state.used + permits
  if (limit.algorithm !== "token-bucket") return { ...state, used }
  // Its tokens and those on lease are never more together than it holds: it must not be full before they are spent.
  const regrown = Math.ceil((lifetimeMillis * limit.requests) / refillMillis(limit.window)) + 1
  return { ...state, used: Math.max(used, permits + regrown) }
}

/**
 * Gives back permits that were not spent, and will not be any more. What was taken from a window that is over is gone,
 * and so is what a bucket may have regrown by now.
 *
 * @returns the states to keep, `null` for those that there are none of
 * @since 0.1.0
 */
export const refundAll = (
  limits: ReadonlyArray<RateLimit>,
  states: ReadonlyArray<RateLimitState | null>,
  now: number,
  { grantedAt, lifetimeMillis, permits }: RateLimitLease
): ReadonlyArray<RateLimitState | null> =>
  limits.map((limit, i) => {
    const before = states[i] ?? null
    if (before === null) return null
    const [, state] = charge(limit, before, now, 0)
    const returns =
      limit.algorithm === "token-bucket"
        ? isBetween(state.at - grantedAt, -clockToleranceMillis, lifetimeMillis)
        : windowAt(limit.window, state.at).start === windowAt(limit.window, grantedAt).start
    return returns ? { ...state, used: Math.max(0, state.used - permits) } : before
  })

const isBetween = (value: number, least: number, most: number): boolean => least <= value && value <= most
