import { capacityOf, type RateLimit } from "./RateLimit.js"
import { refillMillis, windowAt } from "./RateLimitWindow.js"

/**
 * What one limit of one key remembers: three whole numbers, whatever the algorithm. Everything in it is
 * consumption, so no state at all is a limit that nobody used.
 */
export interface RateLimitState {
  /** The newest time that charged, in milliseconds since the epoch: of the clock as it is now, once it was anchored. */
  readonly at: number
  /** Windows: what the window of `at` has admitted. Token bucket: whole tokens that are missing at `at`. */
  readonly used: number
  /**
   * Sliding window: what the window before had admitted. Token bucket: how far the next token has grown, in
   * units of one token divided by the milliseconds of the window. Fixed window: 0.
   */
  readonly carry: number
}

/** What a limit says to one charge. */
export interface RateLimitDecision {
  readonly allowed: boolean
  /** How many more would be admitted at this time, after the charge. */
  readonly remaining: number
  /** From now until more than `remaining` could be admitted. Fixed window: until its end. 0 where nothing is used. */
  readonly resetAfterMillis: number
  /** From now until this cost could be admitted: 0 when it was, `null` when waiting does not help. */
  readonly retryAfterMillis: number | null
}

const fresh: RateLimitState = { at: 0, used: 0, carry: 0 }

/** A clock that steps back by so much at most is taken for right: the older time counts as the newest that was seen. */
export const clockToleranceMillis = 5000

/** Whether a state lies further ahead of the clock than that: it was written by a clock that was wrong. */
export const isAhead = ({ at }: RateLimitState, now: number): boolean => at - now > clockToleranceMillis

/**
 * A state by the clock as it is now. One that lies too far ahead begins again at the present with what it says is used in
 * its window, or is missing in its bucket: whoever waits for it waits as long as if that had been used just now, and not
 * until the wrong time has come.
 *
 * @param now milliseconds since the epoch
 * @since 0.1.0
 */
export const anchored = (
  { algorithm }: Pick<RateLimit, "algorithm">,
  state: RateLimitState,
  now: number
): RateLimitState => {
  if (!isAhead(state, now)) return state
  // Another window than the one before the present: to count it as that would refuse what is well within the limit.
  return { at: now, used: state.used, carry: algorithm === "sliding-window" ? 0 : state.carry }
}

/**
 * Decides one charge of one limit. Pure: every store uses it, and locks or compares and swaps around it.
 * A cost of 0 looks without taking and is always allowed. A time a little older than the state counts as the state's; of
 * one that is older by more than that, the state is {@link anchored}, which has to be kept, whatever is decided.
 *
 * @param now milliseconds since the epoch
 * @since 0.1.0
 */
export const charge = (
  limit: RateLimit,
  state: RateLimitState | null,
  now: number,
  cost: number
): readonly [RateLimitDecision, RateLimitState] => {
  const known = anchored(limit, state ?? fresh, now)
  const before = advance(limit, known, Math.max(now, known.at))
  // The clock has yet to come to where the state stands.
  const behind = before.at - now
  if (cost > available(limit, before)) {
    const wait = waitFor(limit, before, cost)
    return [
      {
        allowed: false,
        remaining: available(limit, before),
        resetAfterMillis: resetAfter(limit, before, behind),
        retryAfterMillis: wait === null ? null : wait + behind
      },
      before
    ]
  }
  const after = cost === 0 ? before : { ...before, used: before.used + cost }
  return [
    {
      allowed: true,
      remaining: available(limit, after),
      resetAfterMillis: resetAfter(limit, after, behind),
      retryAfterMillis: 0
    },
    after
  ]
}

/** The state as it stands at a later time, with nothing taken. */
const advance = (limit: RateLimit, state: RateLimitState, now: number): RateLimitState => {
  if (limit.algorithm === "token-bucket") return refill(limit, state, now)
  const current = windowAt(limit.window, now)
  if (state.at >= current.start) return { at: now, used: state.used, carry: state.carry }
  const sliding = limit.algorithm === "sliding-window"
  const adjacent = sliding && state.at >= windowAt(limit.window, current.start - 1).start
  return { at: now, used: 0, carry: adjacent ? state.used : 0 }
}

/**
 * Whether a state decides nothing any more, so that it may be forgotten: all that follows is as if there were none, of
 * whatever figures the limit is by then. It is for windows once another one lies between, and for a bucket once even the
 * slowest refill would have filled it.
 *
 * @param now milliseconds since the epoch; a time before it must not come any more
 * @since 0.1.0
 */
export const isSpent = (
  { algorithm, window }: Pick<RateLimit, "algorithm" | "window">,
  { at, used }: RateLimitState,
  now: number
): boolean =>
  algorithm === "token-bucket"
    ? now - at >= used * refillMillis(window)
    : at < windowAt(window, windowAt(window, now).start - 1).start

const refill = (limit: RateLimit, state: RateLimitState, now: number): RateLimitState => {
  const unit = refillMillis(limit.window)
  const grown = (now - state.at) * limit.requests
  const capacity = capacityOf(limit)
  // A bucket is empty at worst: what was taken of a larger burst is no debt.
  const missing = state.used > capacity ? { used: capacity, carry: 0 } : state
  // Twice what is missing: no rounding of such products can hide a bucket that is not yet full.
  if (missing.used === 0 || grown > 2 * missing.used * unit) return { at: now, used: 0, carry: 0 }
  const [tokens, carry] = divide(now - state.at, limit.requests, missing.carry, unit)
  const used = missing.used - tokens
  return used <= 0 ? { at: now, used: 0, carry: 0 } : { at: now, used, carry }
}

/** How many a limit admits at the time of its state. */
const available = (limit: RateLimit, state: RateLimitState): number => {
  const spent = limit.algorithm === "sliding-window" ? state.used + previousShare(limit, state) : state.used
  return Math.max(0, capacityOf(limit) - spent)
}

/** What the window before still counts for, rounded up: an estimate may refuse early but never admits one too many. */
const previousShare = (limit: RateLimit, state: RateLimitState): number => {
  if (state.carry === 0) return 0
  const { end, start } = windowAt(limit.window, state.at)
  const [whole, rest] = divide(state.carry, end - state.at, 0, end - start)
  return rest === 0 ? whole : whole + 1
}

const resetAfter = (limit: RateLimit, state: RateLimitState, behind: number): number => {
  if (limit.algorithm === "fixed-window") return windowAt(limit.window, state.at).end - state.at + behind
  if (state.used === 0 && state.carry === 0) return 0
  return (waitFor(limit, state, Math.min(available(limit, state) + 1, capacityOf(limit))) ?? 0) + behind
}

/** How long until a cost fits, if nothing else is charged; `null` where it never will. */
const waitFor = (limit: RateLimit, state: RateLimitState, cost: number): number | null => {
  if (cost > capacityOf(limit)) return null
  switch (limit.algorithm) {
    case "fixed-window":
      return windowAt(limit.window, state.at).end - state.at
    case "sliding-window":
      return waitForSliding(limit, state, cost)
    case "token-bucket":
      return divideUp(cost - available(limit, state), refillMillis(limit.window), -state.carry, limit.requests)
  }
}

const waitForSliding = (limit: RateLimit, state: RateLimitState, cost: number): number => {
  const { end, start } = windowAt(limit.window, state.at)
  const room = limit.requests - state.used - cost
  if (room >= 0) {
    // carry × (end − t) ≤ room × length, solved for the earliest t.
    const inSight = divide(room, end - start, 0, state.carry)[0]
    return Math.max(0, end - inSight - state.at)
  }
  const next = windowAt(limit.window, end)
  const inSight = divide(limit.requests - cost, next.end - next.start, 0, state.used)[0]
  return next.end - inSight - state.at
}

/** `(a × b + c) / d` as whole quotient and rest, exact for all safe integers whose quotient is safe. */
const divide = (a: number, b: number, c: number, d: number): readonly [number, number] => {
  const dividend = a * b + c
  if (dividend <= Number.MAX_SAFE_INTEGER) {
    const rest = dividend % d
    return [(dividend - rest) / d, rest]
  }
  const exact = BigInt(a) * BigInt(b) + BigInt(c)
  const divisor = BigInt(d)
  return [Number(exact / divisor), Number(exact % divisor)]
}

const divideUp = (a: number, b: number, c: number, d: number): number => {
  const [whole, rest] = divide(a, b, c, d)
  return rest === 0 ? whole : whole + 1
}
