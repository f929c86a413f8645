import { Effect } from "effect"
import type { KeyId } from "../../domain/Ids.js"
import { type RateLimit, sharesState } from "../../domain/RateLimit.js"
import type { RateLimitState } from "../../domain/RateLimitCharge.js"
import { chargeAll, type RateLimitOutcome } from "../../domain/RateLimitStatus.js"
import { refillMillis } from "../../domain/RateLimitWindow.js"
import type { LimitedKey, RateLimiterService } from "./RateLimiterService.js"
import { type Times, timesOf } from "./Times.js"

/** The limits of a key, and their states in the same order. */
interface Counters {
  readonly limits: ReadonlyArray<RateLimit>
  readonly states: ReadonlyArray<RateLimitState | null>
  /** When they were charged last, by a clock that nobody sets: a wrong one must not have them forgotten. */
  readonly chargedAt: number
}

/** With so many keys, some whose limits are all fresh again are forgotten whenever another one comes. */
const manyKeys = 10_000
const lookedAt = 4

/** Whether nothing that a state remembers can matter any more: two windows are over, or a bucket is full. */
const isFresh = ({ chargedAt, limits }: Counters, monotonic: number): boolean =>
  limits.every((limit) => {
    const window = limit.window === "month" ? 31 * 86_400_000 : refillMillis(limit.window)
    return monotonic - chargedAt > 2 * window * Math.max(1, (limit.burst ?? 0) / limit.requests)
  })

/** The limits hold in this process alone; the store is not asked. */
export const makeMemoryLimits = Effect.sync((): RateLimiterService => {
  /** Those charged least lately come first. */
  const counters = new Map<KeyId, Counters>()

  const prune = (monotonic: number): void => {
    let looked = 0
    for (const [id, each] of counters) {
      if (looked++ === lookedAt) return
      counters.delete(id)
      if (!isFresh(each, monotonic)) counters.set(id, each)
    }
  }

  const statesFor = (id: KeyId, limits: ReadonlyArray<RateLimit>): ReadonlyArray<RateLimitState | null> => {
    const known = counters.get(id)
    if (known === undefined) return []
    if (known.limits === limits) return known.states
    return limits.map((limit) => {
      const i = known.limits.findIndex((other) => sharesState(limit, other))
      return known.states[i] ?? null
    })
  }

  const charge = ({ id, rateLimits }: LimitedKey, cost: number, { millis, monotonic }: Times): RateLimitOutcome => {
    const [outcome, states] = chargeAll(rateLimits, statesFor(id, rateLimits), millis, cost)
    if (states === null) return outcome
    if (counters.size >= manyKeys && !counters.has(id)) prune(monotonic)
    counters.set(id, { limits: rateLimits, states, chargedAt: monotonic })
    return outcome
  }

  const chargeLater = (key: LimitedKey, cost: number) =>
    Effect.clockWith((clock) => Effect.sync(() => charge(key, cost, timesOf(clock))))

  return {
    isExact: false,
    chargeNow: charge,
    charge: chargeLater,
    begin: (key, cost, _, land) => land(chargeLater(key, cost)),
    look: (key) => chargeLater(key, 0),
    reset: (id) => Effect.sync(() => void counters.delete(id))
  }
})
