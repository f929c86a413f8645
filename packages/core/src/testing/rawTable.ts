import { Encoding } from "effect"
import { mentionOf } from "./mention.js"

/**
 * A table as it stands, read around the store.
 *
 * @since 0.1.0
 */
export interface RawTable {
  readonly table: string
  readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>
}

/**
 * Where something stands.
 *
 * @since 0.1.0
 */
export interface RawCell {
  readonly table: string
  readonly column: string
}

const utf8 = new TextEncoder()

/** A cell as text and in hexadecimal, so that text in bytes is found as well as bytes in text. */
const textOf = (cell: unknown): string => {
  if (cell === null || cell === undefined) return ""
  if (cell instanceof Uint8Array) return `${Encoding.encodeHex(cell)} ${new TextDecoder().decode(cell)}`
  const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell)
  return `${text} ${Encoding.encodeHex(utf8.encode(text))}`
}

/**
 * The cells in which a text, an id or some bytes stand, in whatever way they are written.
 *
 * @since 0.1.0
 */
export const cellsThatMention = (
  tables: ReadonlyArray<RawTable>,
  needle: string | Uint8Array
): ReadonlyArray<RawCell> => {
  const mentions = mentionOf(needle)
  return tables.flatMap(({ rows, table }) =>
    rows.flatMap((row) =>
      Object.entries(row).flatMap(([column, cell]) => (mentions(textOf(cell)) ? [{ table, column }] : []))
    )
  )
}
