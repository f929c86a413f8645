import { FastCheck } from "effect"
import type { RateLimit, RateLimitAlgorithm } from "../../src/domain/RateLimit.js"
import { charge, type RateLimitState } from "../../src/domain/RateLimitCharge.js"
import type { RateLimitWindow } from "../../src/domain/RateLimitWindow.js"

export const algorithms: ReadonlyArray<RateLimitAlgorithm> = ["fixed-window", "sliding-window", "token-bucket"]

export const limitOf = (
  algorithm: RateLimitAlgorithm,
  requests: number,
  window: RateLimitWindow = "minute",
  burst = requests
): RateLimit => ({
  name: "default",
  algorithm,
  requests,
  window,
  burst: algorithm === "token-bucket" ? burst : null
})

const seconds = { second: 1, minute: 60, hour: 3600, day: 86_400, month: 31 * 86_400 } as const

/** Roughly how long a window is, to make times that fall around its bounds. */
export const lengthOf = (window: RateLimitWindow): number =>
  1000 * (typeof window === "number" ? window : seconds[window])

const requests = FastCheck.oneof(
  { weight: 6, arbitrary: FastCheck.integer({ min: 1, max: 8 }) },
  { weight: 2, arbitrary: FastCheck.integer({ min: 9, max: 100_000 }) },
  { weight: 1, arbitrary: FastCheck.integer({ min: 1, max: 10 ** 15 - 1 }) },
  { weight: 1, arbitrary: FastCheck.constant(10 ** 15 - 1) }
)

const windows: FastCheck.Arbitrary<RateLimitWindow> = FastCheck.oneof(
  FastCheck.constantFrom("second" as const, "minute" as const, "day" as const, "month" as const),
  FastCheck.integer({ min: 2, max: 100 }),
  FastCheck.constant(1_000_000_000)
)

/** Burst is some part of `requests`, or a multiple: waits stay within safe integers. */
const burstOf = (requests: number, share: number): number =>
  Math.min(10 ** 15 - 1, Math.max(1, Math.floor((requests * share) / 100)))

/** A limit, and how its figures change on the way. */
export interface Figures {
  readonly requests: number
  readonly burst: number
}

const figures: FastCheck.Arbitrary<Figures> = FastCheck.tuple(
  requests,
  FastCheck.constantFrom(100, 100, 1, 50, 200, 1000)
).map(([requests, share]) => ({ requests, burst: burstOf(requests, share) }))

/** One call: so much later, in thousandths of a window and milliseconds, at so many percent of the capacity. */
export interface Call {
  readonly permille: number
  readonly millis: number
  readonly cost: { readonly percent: number } | number
  readonly change: Figures | null
}

const cost = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.constant(1) },
  { weight: 4, arbitrary: FastCheck.integer({ min: 0, max: 9 }) },
  { weight: 5, arbitrary: FastCheck.integer({ min: 1, max: 110 }).map((percent) => ({ percent })) }
)

const calls = (mayChange: boolean): FastCheck.Arbitrary<ReadonlyArray<Call>> =>
  FastCheck.array(
    FastCheck.record({
      permille: FastCheck.oneof(
        { weight: 3, arbitrary: FastCheck.constant(0) },
        { weight: 6, arbitrary: FastCheck.integer({ min: 0, max: 400 }) },
        { weight: 2, arbitrary: FastCheck.integer({ min: -600, max: 2500 }) }
      ),
      millis: FastCheck.integer({ min: -1, max: 3 }),
      cost,
      change: mayChange ? FastCheck.option(figures, { freq: 6 }) : FastCheck.constant(null)
    }),
    { minLength: 1, maxLength: 40, size: "max" }
  )

/** A limit and a history of calls to it. */
export interface Scenario {
  readonly limit: RateLimit
  readonly start: number
  readonly calls: ReadonlyArray<Call>
}

export const scenarios = (
  algorithm: RateLimitAlgorithm,
  options = { mayChange: true }
): FastCheck.Arbitrary<Scenario> =>
  FastCheck.record({
    limit: FastCheck.tuple(figures, windows).map(([{ requests, burst }, window]) =>
      limitOf(algorithm, requests, window, burst)
    ),
    start: FastCheck.oneof(FastCheck.constant(0), FastCheck.integer({ min: 0, max: 4_000_000_000_000 })),
    calls: calls(options.mayChange)
  })

/** A call as the limit meets it. */
export interface Charge {
  readonly limit: RateLimit
  readonly now: number
  readonly cost: number
}

/** The calls of a scenario in figures. Its clock may run backwards, though not before the epoch. */
export const chargesOf = ({ limit, start, calls }: Scenario): ReadonlyArray<Charge> => {
  let now = start
  let current = limit
  return calls.map(({ permille, millis, cost, change }) => {
    now = Math.max(0, now + Math.floor((lengthOf(limit.window) * permille) / 1000) + millis)
    if (change !== null) current = limitOf(limit.algorithm, change.requests, limit.window, change.burst)
    const capacity = current.burst ?? current.requests
    return {
      limit: current,
      now,
      cost: typeof cost === "number" ? cost : Math.ceil((capacity * cost.percent) / 100)
    }
  })
}

/** Calls one limit at times and costs, and tells which calls it admitted. */
export const admitted = (
  limit: RateLimit,
  calls: ReadonlyArray<readonly [now: number, cost: number]>
): ReadonlyArray<boolean> => {
  let state: RateLimitState | null = null
  return calls.map(([now, cost]) => {
    const [decision, after] = charge(limit, state, now, cost)
    state = after
    return decision.allowed
  })
}

/** The state of a limit after its first call. */
export const after = (limit: RateLimit, now: number, cost: number): RateLimitState => charge(limit, null, now, cost)[1]
