import { DateTime, Schema } from "effect"
import { rule } from "./Rule.js"

const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** A point in time, in UTC with millisecond precision. */
export const Instant = Schema.DateTimeUtcFromSelf
export type Instant = DateTime.Utc

const Utc = function (this: { epochMillis: number }, epochMillis: number) {
  this.epochMillis = epochMillis
} as unknown as new (
  epochMillis: number
) => Instant
Utc.prototype = Object.getPrototypeOf(DateTime.unsafeMake(0))

/**
 * The instant of whole milliseconds since the epoch. What `DateTime.unsafeMake` does beyond taking them takes a good part
 * of a verification: it defines a hidden member for what the instant comes to remember of itself.
 */
export const instantOf = (epochMillis: number): Instant => new Utc(epochMillis)

/** A point in time as a caller gives it, between 1970 and 9999, which every database can hold. */
export const InstantInput = Schema.transform(
  Schema.Union(Schema.DateFromSelf, Schema.DateTimeUtcFromSelf)
    .annotations(rule("is not a date"))
    .pipe(
      Schema.filter((date) => {
        const millis = millisOf(date)
        return millis >= 0 && millis <= latest
      }, rule("is not a date between 1970 and 9999"))
    ),
  Schema.DateTimeUtcFromSelf,
  {
    strict: true,
    decode: (date) => DateTime.unsafeMake(millisOf(date)),
    encode: (instant) => instant
  }
)

const millisOf = (date: Date | DateTime.Utc): number => (date instanceof Date ? date.getTime() : date.epochMillis)
