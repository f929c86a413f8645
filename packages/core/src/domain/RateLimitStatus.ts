import { Schema } from "effect"
import { type RateLimit, RateLimitAlgorithm } from "./RateLimit.js"
import { anchored, charge, isAhead, type RateLimitDecision, type RateLimitState } from "./RateLimitCharge.js"
import { RateLimitWindow, refillMillis, windowAt } from "./RateLimitWindow.js"

const RateLimitStatusFields = Schema.Struct({
  name: Schema.String,
  algorithm: RateLimitAlgorithm,
  requests: Schema.Number,
  window: Schema.typeSchema(RateLimitWindow),
  burst: Schema.NullOr(Schema.Number),
  windowSeconds: Schema.Number,
  remaining: Schema.Number,
  resetAfterSeconds: Schema.Number,
  retryAfterSeconds: Schema.NullOr(Schema.Number)
})

/**
 * A limit as a call found it.
 *
 * @since 0.1.0
 */
export interface RateLimitStatus extends RateLimit {
  /** The length of the window in seconds; of this very month, for a `month`. */
  readonly windowSeconds: number
  /** How many more would be admitted now. */
  readonly remaining: number
  /** Whole seconds until more than `remaining` could be admitted; 0 where nothing is used of a limit without fixed windows. */
  readonly resetAfterSeconds: number
  /** 0 where the limit admitted the call; else whole seconds, at least 1, or `null` where waiting does not help. */
  readonly retryAfterSeconds: number | null
}

export const RateLimitStatus: Schema.Schema<RateLimitStatus> = RateLimitStatusFields

const statusOf = (limit: RateLimit, decision: RateLimitDecision, at: number): RateLimitStatus => {
  const span = windowAt(limit.window, at)
  const windowMillis = limit.algorithm === "token-bucket" ? refillMillis(limit.window) : span.end - span.start
  // Field by field: a spread takes longer than the rest of a charge.
  return {
    name: limit.name,
    algorithm: limit.algorithm,
    requests: limit.requests,
    window: limit.window,
    burst: limit.burst,
    windowSeconds: windowMillis / 1000,
    remaining: decision.remaining,
    resetAfterSeconds: Math.ceil(decision.resetAfterMillis / 1000),
    retryAfterSeconds:
      decision.retryAfterMillis === null || decision.allowed
        ? decision.retryAfterMillis
        : Math.max(1, Math.ceil(decision.retryAfterMillis / 1000))
  }
}

/** What became of a charge of all the limits of a key. */
export interface RateLimitOutcome {
  readonly allowed: boolean
  /** The longest wait of the limits that refused: 0 when allowed, `null` when waiting does not help. */
  readonly retryAfterSeconds: number | null
  /** In the order of the limits. Of a refused charge: as they stand uncharged. */
  readonly limits: ReadonlyArray<RateLimitStatus>
}

/**
 * Charges all limits together or none of them.
 *
 * @param states one for each limit, in their order; `null` where there is none yet
 * @returns the outcome, and the states to keep, in the same order, with `null` for those that there are still none of;
 *   `null` where nothing is to be kept: nothing was taken, and no state was written by a clock that was wrong
 * @since 0.1.0
 */
export const chargeAll = (
  limits: ReadonlyArray<RateLimit>,
  states: ReadonlyArray<RateLimitState | null>,
  now: number,
  cost: number
): readonly [RateLimitOutcome, ReadonlyArray<RateLimitState | null> | null] => {
  const charges = limits.map((limit, i) => charge(limit, states[i] ?? null, now, cost))
  const allowed = charges.every(isAllowed)
  const statuses = limits.map((limit, i) => {
    const [decision, state] = charges[i] as Charged
    // A limit that would have admitted is shown without the charge that another one refused.
    const shown = allowed || !decision.allowed ? decision : charge(limit, states[i] ?? null, now, 0)[0]
    return statusOf(limit, shown, state.at)
  })
  return [
    { allowed, retryAfterSeconds: allowed ? 0 : longestWait(statuses), limits: statuses },
    allowed && cost > 0 ? charges.map(stateOf) : anchoredAll(limits, states, now)
  ]
}

/** Kept also where nothing was taken: else whoever is told to wait would find the same wrong time after it. */
const anchoredAll = (
  limits: ReadonlyArray<RateLimit>,
  states: ReadonlyArray<RateLimitState | null>,
  now: number
): ReadonlyArray<RateLimitState | null> | null =>
  states.some((state) => state !== null && isAhead(state, now))
    ? limits.map((limit, i) => {
        const state = states[i] ?? null
        return state && anchored(limit, state, now)
      })
    : null

type Charged = ReturnType<typeof charge>

const isAllowed = ([{ allowed }]: Charged): boolean => allowed

const stateOf = ([, state]: Charged): RateLimitState => state

const longestWait = (statuses: ReadonlyArray<RateLimitStatus>): number | null => {
  let longest = 0
  for (const { retryAfterSeconds } of statuses) {
    if (retryAfterSeconds === null) return null
    longest = Math.max(longest, retryAfterSeconds)
  }
  return longest
}
