import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Dialect, inPowersOfTwo } from "./Dialect.js"

/** As many rows as one statement inserts, a power of two: a key has 18 columns, and databases take some 32,000 values at most. */
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
  metadata: "json",
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

/** At least as many bytes as a value takes on its way to the server: a character of a text takes three at most. */
const bytesOf = (value: unknown): number => {
  if (typeof value === "string") return 3 * value.length + 9
  return value instanceof Uint8Array ? value.length + 9 : 16
}

/** At least as many bytes as the largest of some rows takes. */
const largestOf = (rows: ReadonlyArray<EncodedRow>): number =>
  rows.reduce(
    (most, row) =>
      Math.max(
        most,
        Object.values(row).reduce<number>((sum, value) => sum + bytesOf(value), 0)
      ),
    1
  )

/**
 * As many rows as one statement may insert, a power of two. MySQL and MariaDB end a connection over which comes more than
 * they are set to take, which is asked once.
 */
const makeLargestPiece = ({ run, sql }: Dialect) => {
  let most: number | null = null
  const ask = (connection: Connection) =>
    Effect.map(run(connection, sql`select @@max_allowed_packet as bytes`), ([row]) => {
      most = Number((row as { readonly bytes: unknown }).bytes)
      return most
    })
  return sql.onDialectOrElse({
    mysql:
      () =>
      (connection: Connection, rows: ReadonlyArray<EncodedRow>): Effect.Effect<number, SqlError> =>
        Effect.map(most === null ? ask(connection) : Effect.succeed(most), (bytes) =>
          // What is not of a row fits into what is left over.
          Math.min(maxInserted, 2 ** Math.max(0, Math.floor(Math.log2((0.9 * bytes) / largestOf(rows)))))
        ),
    orElse: () => () => Effect.succeed(maxInserted)
  })
}

/** Inserts a great many rows into a table at a time. */
export const makeRowInsertion = (dialect: Dialect, table: "keys" | "digests"): InsertRows => {
  const { affectedBy, sql, tables } = dialect
  const largestPiece = makeLargestPiece(dialect)
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
    for (const piece of inPowersOfTwo(rows, yield* largestPiece(connection, rows))) {
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
