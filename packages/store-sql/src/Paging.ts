import type { PageSlice } from "@apikeys/core"
import type { Fragment } from "@effect/sql/Statement"
import type { Dialect } from "./Dialect.js"

/**
 * The end of a select that reads a slice in the order `(createdAt, id)` descending: its conditions, order and
 * limit. By position and not by offset, so that no page repeats or loses a row, and none takes longer than another.
 *
 * @param alias of the table whose rows are listed, where there are several
 */
export const newestFirst = (
  dialect: Dialect,
  conditions: ReadonlyArray<Fragment>,
  { after, take }: PageSlice,
  alias?: string
): Fragment => {
  const { sql } = dialect
  const prefix = alias === undefined ? "" : `${alias}.`
  const createdAt = sql.literal(`${prefix}created_at`)
  const id = sql.literal(`${prefix}id`)
  const where = after === null ? conditions : [...conditions, below(dialect, createdAt, id, after)]
  const filter = where.length === 0 ? sql.literal("") : sql`where ${sql.join(" and ", false)(where)}`
  return sql`${filter} order by ${createdAt} desc, ${id} desc limit ${take}`
}

const below = (
  { id: encodeId, instant, sql }: Dialect,
  createdAt: Fragment,
  id: Fragment,
  position: NonNullable<PageSlice["after"]>
): Fragment => {
  const at = instant(position.createdAt)
  const last = encodeId(position.id)
  return sql.onDialectOrElse({
    // No index range comes of a comparison of rows there.
    mysql: () => sql`${createdAt} <= ${at} and (${createdAt} < ${at} or ${id} < ${last})`,
    orElse: () => sql`(${createdAt}, ${id}) < (${at}, ${last})`
  })
}
