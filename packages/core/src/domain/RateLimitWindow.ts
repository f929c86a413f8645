import { Schema } from "effect"
import { rule } from "./Rule.js"

const namedSeconds = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const

/** Some 31 years: far beyond use, and small enough for exact arithmetic on milliseconds. */
const maxSeconds = 1_000_000_000

/**
 * How long a rate limit looks: a named window, or a number of whole seconds. Windows of a fixed length start
 * at its multiples since the epoch; a `month` is one of the UTC calendar.
 *
 * @since 0.1.0
 */
export const RateLimitWindow = Schema.Union(
  Schema.Literal("second", "minute", "hour", "day", "month"),
  Schema.Int.pipe(Schema.between(1, maxSeconds))
)
export type RateLimitWindow = typeof RateLimitWindow.Type

/** As a caller writes it: 60 is `minute`, so that a window has one form alone. */
export const RateLimitWindowInput = Schema.Union(
  Schema.Literal("second", "minute", "hour", "day", "month"),
  Schema.Number.pipe(
    Schema.filter((seconds) => Number.isInteger(seconds) && seconds >= 1 && seconds <= maxSeconds, {
      jsonSchema: { type: "integer", minimum: 1, maximum: maxSeconds }
    })
  )
)
  .annotations(rule("is not second, minute, hour, day, month or a whole number of seconds from 1 to 10^9"))
  .pipe(
    Schema.transform(Schema.typeSchema(RateLimitWindow), {
      strict: true,
      decode: (window) => (typeof window === "number" ? named(window) : window),
      encode: (window) => window
    })
  )

const named = (seconds: number): RateLimitWindow => {
  for (const [name, length] of Object.entries(namedSeconds)) {
    if (length === seconds) return name as keyof typeof namedSeconds
  }
  return seconds
}

/** A window's first millisecond, and the first after it, since the epoch. */
export interface WindowSpan {
  readonly start: number
  readonly end: number
}

/** The window that holds a time in milliseconds since the epoch. */
export const windowAt = (window: RateLimitWindow, millis: number): WindowSpan => {
  if (window === "month") {
    const date = new Date(millis)
    const year = date.getUTCFullYear()
    const month = date.getUTCMonth()
    return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) }
  }
  const length = (typeof window === "number" ? window : namedSeconds[window]) * 1000
  const start = Math.floor(millis / length) * length
  return { start, end: start + length }
}

/** The time over which a token bucket refills `requests`. A month counts 30 days here, since refill is even. */
export const refillMillis = (window: RateLimitWindow): number =>
  window === "month"
    ? 30 * namedSeconds.day * 1000
    : (typeof window === "number" ? window : namedSeconds[window]) * 1000
