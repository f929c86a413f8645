import { Schema } from "effect"
import { RateLimitWindow, RateLimitWindowInput } from "./RateLimitWindow.js"
import { maxItems, rule } from "./Rule.js"

/** 10^15 − 1. */
export const maxRequests = 999_999_999_999_999

/**
 * How a limit counts.
 *
 * - `fixed-window`: at most `requests` in each window.
 * - `sliding-window`: the previous window's count, weighted by the share of it still in sight, plus the current
 *   window's never exceeds `requests`.
 * - `token-bucket`: refills `requests` evenly over a window and holds at most `burst`.
 *
 * @since 0.1.0
 */
export const RateLimitAlgorithm = Schema.Literal("fixed-window", "sliding-window", "token-bucket")
export type RateLimitAlgorithm = typeof RateLimitAlgorithm.Type

const Requests = Schema.Int.pipe(Schema.between(1, maxRequests))

/**
 * One of the limits of a key.
 *
 * @since 0.1.0
 */
export interface RateLimit {
  /** Distinct among the limits of a key. */
  readonly name: string
  readonly algorithm: RateLimitAlgorithm
  /** How many a window admits; for a token bucket, how many it gives back over a window. */
  readonly requests: number
  /** A number counts seconds. */
  readonly window: RateLimitWindow
  /** What a token bucket holds at most; `null` for the other algorithms. */
  readonly burst: number | null
}

export const RateLimit: Schema.Schema<RateLimit> = Schema.Struct({
  name: Schema.String,
  algorithm: RateLimitAlgorithm,
  requests: Requests,
  window: Schema.typeSchema(RateLimitWindow),
  burst: Schema.NullOr(Requests)
})

const RequestsInput = Schema.Number.annotations(rule("is not a number")).pipe(
  Schema.filter(
    (value) => Number.isInteger(value) && value >= 1 && value <= maxRequests,
    rule("is not a whole number from 1 to 10^15 - 1", { type: "integer", minimum: 1, maximum: maxRequests })
  )
)

const RateLimitName = Schema.String.annotations(rule("is not a string")).pipe(
  Schema.pattern(/^[A-Za-z0-9_.-]{1,64}$/, rule("is not 1 to 64 of A-Z a-z 0-9 _ . -"))
)

const RateLimitInputFields = Schema.Struct({
  name: Schema.optionalWith(RateLimitName, { default: () => "default" }),
  algorithm: Schema.optionalWith(
    RateLimitAlgorithm.annotations(rule("is not fixed-window, sliding-window or token-bucket")),
    { default: () => "fixed-window" as const }
  ),
  requests: RequestsInput,
  window: RateLimitWindowInput,
  burst: Schema.optionalWith(Schema.NullOr(RequestsInput), { default: () => null })
})

const RateLimitInput = RateLimitInputFields.pipe(
  Schema.filter(
    (limit) => limit.burst === null || limit.algorithm === "token-bucket",
    rule("has a burst, which a token-bucket alone takes")
  ),
  Schema.transform(Schema.typeSchema(RateLimit), {
    strict: true,
    decode: (limit) =>
      limit.algorithm === "token-bucket" ? { ...limit, burst: limit.burst ?? limit.requests } : { ...limit },
    encode: (limit) => ({ ...limit })
  })
)

/** The limits of a key: at most 16, under distinct names. */
export const RateLimitsInput = Schema.Array(RateLimitInput)
  .annotations({ ...rule("is not a list of rate limits"), ...maxItems(16, "has over 16 limits") })
  .pipe(
    Schema.maxItems(16, rule("has over 16 limits")),
    Schema.filter(
      (limits) => new Set(limits.map((limit) => limit.name)).size === limits.length,
      rule("names two limits alike")
    )
  )

/** How much a call costs: a non-negative safe integer. */
export const Cost = Schema.Number.annotations(rule("is not a number")).pipe(
  Schema.filter(
    (value) => Number.isSafeInteger(value) && value >= 0,
    rule("is not a whole number from 0 to 2^53 - 1", { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
  )
)

/** The most that a limit can ever admit at once. */
export const capacityOf = (limit: RateLimit): number => limit.burst ?? limit.requests

/** Whether a counter kept for one limit still serves another: same name, algorithm and window. */
export const sharesState = (
  one: Pick<RateLimit, "name" | "algorithm" | "window">,
  other: Pick<RateLimit, "name" | "algorithm" | "window">
): boolean => one.name === other.name && one.algorithm === other.algorithm && one.window === other.window
