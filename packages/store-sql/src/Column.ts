import type { Instant } from "@apikeys/core"
import type { Schema } from "effect"

/**
 * How a database's driver gives and takes the values of a kind of column.
 *
 * @since 0.1.0
 */
// biome-ignore lint/suspicious/noExplicitAny: what a driver gives is its own affair, and the codec checks it
export type Column<A> = Schema.Schema<A, any>

/**
 * How values are written for the driver, as the schemas of {@link Columns} encode them: an import writes a dozen of
 * them a key, which through schemas takes longer than the database does.
 *
 * @since 0.1.0
 */
export interface ColumnEncoders {
  readonly id: (id: string) => unknown
  readonly instant: (epochMillis: number) => unknown
  readonly json: (value: unknown) => unknown
  readonly bytes: (bytes: Uint8Array) => unknown
}

/**
 * The kinds of columns whose form differs between databases. Text is text on all of them.
 *
 * @since 0.1.0
 */
export interface Columns {
  /** A UUID in lower case. */
  readonly id: Column<string>
  readonly instant: Column<Instant>
  /** A value of JSON. What it is of is known from who wrote it. */
  readonly json: Column<unknown>
  readonly bytes: Column<Uint8Array>
  /** A whole number that is safe in JavaScript; some drivers give it as text. */
  readonly integer: Column<number>
  readonly encode: ColumnEncoders
}
