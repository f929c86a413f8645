import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import type { Dialect } from "./Dialect.js"

/** Columns of a key in which a fence shows, also while the row of the key is not written. */
const fencedColumns: Readonly<Record<string, string>> = {
  revoked_at: "coalesce(k.revoked_at, f.fenced_at)",
  revoked_reason: "case when k.revoked_at is null then f.reason else k.revoked_reason end",
  updated_at: "case when k.revoked_at is null and f.fenced_at > k.updated_at then f.fenced_at else k.updated_at end"
}

/** A column of a key `k` with the fence `f` that {@link Fences.join} brings. */
export const fencedColumn = (name: string): string => fencedColumns[name] ?? `k.${name}`

/** How keys are read with the fences that stand before them. */
export interface Fences {
  /**
   * Joins to keys `k` the first fence `f` that stands before each, whose columns are null where there is none. A key is revoked
   * where `k.revoked_at` or `f.number` is not null.
   */
  readonly join: Fragment
  /** The columns of a row of a key, as the fence shows them. */
  readonly columns: (row: { readonly fields: Readonly<Record<string, unknown>> }) => Fragment
  /** Whether a fence `g` stands before a key `k`. */
  readonly covers: Fragment
  /** Whether any does. */
  readonly isFenced: Fragment
  /** Whether there is a fence at all. */
  readonly any: (connection: Connection) => Effect.Effect<boolean, SqlError>
  /**
   * The number that a new key has to remember. It is to be read in the transaction that inserts the key, once the row of its
   * organization is locked for share: who writes the keys behind a fence locks that row alone first, so a key whose number is
   * lower than the fence's is there by then.
   */
  readonly lastNumber: (connection: Connection) => Effect.Effect<number, SqlError>
}

export const makeFences = ({ run, sql, tables }: Dialect): Fences => {
  const covers = sql.literal(`g.organization_id = k.organization_id and g.number > k.after_fence
        and (g.project_id is null or g.project_id = k.project_id)
        and (g.product_id is null or g.product_id = k.product_id)`)
  return {
    covers,
    isFenced: sql`exists (select g.number from ${tables.fences} g where ${covers})`,
    any: (connection) =>
      Effect.map(run(connection, sql`select number from ${tables.fences} limit 1`), (rows) => rows.length > 0),
    join: sql`left join ${tables.fences} f on f.number = (
        select min(g.number) from ${tables.fences} g where ${covers}
      )`,
    columns: ({ fields }) =>
      sql.literal(
        Object.keys(fields)
          .map((name) => `${fencedColumn(name)} as ${name}`)
          .join(", ")
      ),
    lastNumber: (connection) =>
      Effect.map(run(connection, sql`select last_sequence from ${tables.changeSequence} where id = 2`), ([row]) =>
        Number((row as { readonly last_sequence: unknown }).last_sequence)
      )
  }
}
