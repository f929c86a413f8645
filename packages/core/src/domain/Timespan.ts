import { Duration, Schema } from "effect"
import { rule } from "./Rule.js"

const unitSeconds = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const

type Unit = keyof typeof unitSeconds

/**
 * How long something lasts: whole seconds, or a number with its unit, such as `"24 hours"`. At most 10^9 seconds.
 *
 * @since 0.1.0
 */
export type Timespan = number | `${number} ${Unit | `${Unit}s`}`

/** Some 31 years, as for windows of rate limits. */
const maxSeconds = 1_000_000_000

const withUnit = /^(\d{1,10}) (second|minute|hour|day)s?$/

const secondsOf = (value: unknown): number => {
  if (typeof value === "number") return value
  if (Duration.isDuration(value)) return Duration.toSeconds(value)
  const parts = typeof value === "string" ? withUnit.exec(value) : null
  return parts === null ? Number.NaN : Number(parts[1]) * unitSeconds[parts[2] as Unit]
}

/** Whole seconds of a timespan as a caller gives it: a number, a text with a unit, or a `Duration`. */
export const TimespanInput = (least: number) => {
  const holds = (seconds: number) => Number.isInteger(seconds) && seconds >= least && seconds <= maxSeconds
  return Schema.Unknown.pipe(
    Schema.filter(
      (value) => holds(secondsOf(value)),
      rule(`is not a whole number of seconds from ${least} to 10^9, or a text such as "24 hours"`, {
        anyOf: [
          { type: "integer", minimum: least, maximum: maxSeconds },
          { type: "string", pattern: withUnit.source }
        ]
      })
    ),
    Schema.transform(Schema.Number, { strict: true, decode: secondsOf, encode: (seconds) => seconds })
  )
}
