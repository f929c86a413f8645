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

/** Inserts a great many rows into a table at a time. */
export const makeRowInsertion = (dialect: Dialect, table: "keys" | "digests"): InsertRows => {
  const { affectedBy, sql, tables } = dialect

  /** By an array a column: a value a parameter takes the server of 512 keys 38 ms, an array a column 19. */
  const byColumns: InsertRows = (connection, rows) => {
    const columns = Object.keys(rows[0] ?? {})
    if (columns.length === 0) return Effect.succeed(true)
    const arrays = columns.map((column, i) => `$${i + 1}::${types[column] ?? "text"}[]`)
    const [target] = sql`${tables[table]}`.compile(true)
    const text = `insert into ${target} (${columns.join(", ")}) select * from unnest(${arrays.join(", ")}) on conflict do nothing`
    const values = columns.map((column) => rows.map((row) => row[column]))
    return Effect.map(affectedBy(connection, text, values), (inserted) => inserted === rows.length)
  }

  const ignoring = sql.onDialectOrElse({ mysql: () => sql`insert ignore into`, orElse: () => sql`insert into` })
  const onConflict = sql.onDialectOrElse({ mysql: () => sql``, orElse: () => sql`on conflict do nothing` })
  // To write a statement of a thousand rows takes longer than to run it, and each length is always the same.
  const texts = new Map<number, string>()

  const byRows: InsertRows = Effect.fnUntraced(function* (connection, rows) {
    for (const piece of inPowersOfTwo(rows, maxInserted)) {
      const statement = () => sql`${ignoring} ${tables[table]} ${sql.insert(piece)} ${onConflict}`
      const text = texts.get(piece.length) ?? statement().compile(true)[0]
      texts.set(piece.length, text)
      const values = piece.flatMap((row) => Object.values(row))
      if ((yield* affectedBy(connection, text, values)) < piece.length) return false
    }
    return true
  })

  return sql.onDialectOrElse({ pg: () => byColumns, orElse: () => byRows })
}
