import { Effect, Encoding, Schema } from "effect"
import { crc32 } from "./Checksum.js"
import type { InvalidInputError } from "./Errors.js"
import { invalidInput } from "./Input.js"
import { rule } from "./Rule.js"

/**
 * One page of a listing, newest first.
 *
 * @since 0.1.0
 */
export interface Page<A> {
  /** Up to the limit; fewer also where keys are so large that more would take too much memory. */
  readonly items: ReadonlyArray<A>
  /** Give it back to get the page after; `null` on the last one. */
  readonly nextCursor: string | null
}

/** How many items a page has at most. */
export const PageLimit = Schema.Number.annotations(rule("is not a number")).pipe(
  Schema.filter(
    (value) => Number.isInteger(value) && value >= 1 && value <= 1000,
    rule("is not a whole number from 1 to 1000", { type: "integer", minimum: 1, maximum: 1000 })
  )
)

/** Where a page goes on: `nextCursor` of the one before. */
export const PageCursor = Schema.String.annotations(rule("is not a string")).pipe(
  Schema.filter(
    (text) => text.length > 0 && text.length <= 256,
    rule("is not a cursor", { minLength: 1, maxLength: 256 })
  )
)

/** Fields by which every listing is paged. */
export const pageFields = {
  limit: Schema.optionalWith(PageLimit, { default: () => 50 }),
  cursor: Schema.optionalWith(Schema.NullOr(PageCursor), { default: () => null })
}

/** The place of a row in the order `(createdAt, id)` descending: a page goes on below it. */
export interface PagePosition {
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly id: string
}

const Cursor = Schema.parseJson(
  Schema.Tuple(
    Schema.Int.pipe(Schema.between(0, 0xffffffff)),
    Schema.Int.pipe(Schema.between(0, 253_402_300_799_999)),
    Schema.UUID
  )
)
const decodeCursor = Schema.decodeUnknownEither(Cursor)

/** Tells listings apart, so that a cursor of one is refused by another. It protects nothing: a cursor grants nothing. */
const fingerprint = (filter: unknown): number => crc32(encodeURIComponent(JSON.stringify(filter)))

/** A position as an opaque text, bound to its filter. */
export const encodePosition = (filter: unknown, position: PagePosition): string =>
  Encoding.encodeBase64Url(JSON.stringify([fingerprint(filter), position.createdAt, position.id]))

/** The position that a cursor names; `null` where there is no cursor. */
export const decodePosition = (
  filter: unknown,
  cursor: string | null
): Effect.Effect<PagePosition | null, InvalidInputError> => {
  if (cursor === null) return Effect.succeed(null)
  const text = Encoding.decodeBase64UrlString(cursor)
  const decoded = text._tag === "Right" ? decodeCursor(text.right) : text
  if (decoded._tag === "Left") return Effect.fail(invalidInput("cursor", "is not a cursor"))
  const [bound, createdAt, id] = decoded.right
  return bound === fingerprint(filter)
    ? Effect.succeed({ createdAt, id: id.toLowerCase() })
    : Effect.fail(invalidInput("cursor", "is of another listing"))
}

/**
 * A page of rows that were read with one more than the limit, which tells whether there is a page after.
 *
 * @param rows at most `limit + 1`, newest first
 */
export const pageOf = <A>(
  rows: ReadonlyArray<A>,
  limit: number,
  filter: unknown,
  position: (row: A) => PagePosition
): Page<A> => {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? encodePosition(filter, position(last)) : null
  }
}
