import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Dialect, inPowersOfTwo } from "./Dialect.js"

/** As many rows as one statement inserts: a key has 18 columns, and databases take some 32,000 values at most. */
const maxInserted = 1024

/** The types of PostgreSQL's columns; of any other it is text. */
const types: Readonly<Record<string, string>> = {
  id: "uuid",
  key_id: "uuid",
  organization_id: "uuid",
  project_id: "uuid",
  product_id: "uuid",
  scopes: "jsonb",
  rate_limits: "jsonb",
  metadata: "jsonb",
  digest: "bytea",
  use_count: "bigint",
  after_fence: "bigint",
  expires_at: "timestamptz",
  revoked_at: "timestamptz",
  disabled_at: "timestamptz",
  last_used_at: "timestamptz",
  created_at: "timestamptz",
  updated_at: "timestamptz"
}

/** A row as the driver takes it: each one of a table has the same columns in the same order. */
type EncodedRow = Readonly<Record<string, unknown>>

/** Inserts those rows that nothing stands against, and tells whether these are all. */
export type InsertRows = (connection: Connection, rows: ReadonlyArray<EncodedRow>) => Effect.Effect<boolean, SqlError>

/**
 * The columns in which any row so far had a value: most have none in all of them, and cost as much as the others. They
 * only become more, so that there are few statements.
 */
const makeFilled = () => {
  const filled = new Set<string>()
  return (rows: ReadonlyArray<EncodedRow>): ReadonlyArray<string> =>
    Object.keys(rows[0] ?? {}).filter((column) => {
      if (!filled.has(column) && rows.some((row) => row[column] !== null)) filled.add(column)
      return filled.has(column)
    })
}

/** Inserts a great many rows into a table at a time. */
export const makeRowInsertion = (dialect: Dialect, table: "keys" | "digests"): InsertRows => {
  const { affectedBy, sql, tables } = dialect
  const filledColumns = makeFilled()
  const [target] = sql`${tables[table]}`.compile(true)

  /** By an array a column: a value a parameter takes the server of 512 keys 38 ms, an array a column 19. */
  const byColumns: InsertRows = (connection, rows) => {
    const columns = filledColumns(rows)
    if (columns.length === 0) return Effect.succeed(true)
    const arrays = columns.map((column, i) => `$${i + 1}::${types[column] ?? "text"}[]`)
    const text = `insert into ${target} (${columns.join(", ")}) select * from unnest(${arrays.join(", ")}) on conflict do nothing`
    const values = columns.map((column) => rows.map((row) => row[column]))
    return Effect.map(affectedBy(connection, text, values), (inserted) => inserted === rows.length)
  }

  const [ignoring, onConflict] = sql.onDialectOrElse({
    mysql: () => ["insert ignore into", ""] as const,
    orElse: () => ["insert into", "on conflict do nothing"] as const
  })
  const write = (columns: ReadonlyArray<string>, length: number): string => {
    const places = `(${columns.map(() => "?").join(", ")})`
    const values = Array.from({ length }, () => places).join(", ")
    return `${ignoring} ${target} (${columns.join(", ")}) values ${values} ${onConflict}`
  }
  // To write a statement of a thousand rows takes longer than to run it. The number of columns tells which they are.
  const texts = new Map<string, string>()

  const byRows: InsertRows = Effect.fnUntraced(function* (connection, rows) {
    const columns = filledColumns(rows)
    for (const piece of inPowersOfTwo(rows, maxInserted)) {
      const form = `${columns.length} ${piece.length}`
      const text = texts.get(form) ?? write(columns, piece.length)
      texts.set(form, text)
      const values: Array<unknown> = []
      for (const row of piece) for (const column of columns) values.push(row[column])
      if ((yield* affectedBy(connection, text, values)) < piece.length) return false
    }
    return true
  })

  return sql.onDialectOrElse({ pg: () => byColumns, orElse: () => byRows })
}
