import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import { Effect, Schema } from "effect"
import type { Database } from "./Database.js"
import { makeRows, type Rows } from "./Rows.js"
import type { Query } from "./Script.js"

const tableNames = {
  organizations: "apikeys_organizations",
  projects: "apikeys_projects",
  products: "apikeys_products",
  projectProducts: "apikeys_project_products",
  keys: "apikeys_keys",
  digests: "apikeys_digests",
  secretIds: "apikeys_secret_ids",
  rateLimits: "apikeys_rate_limits",
  usageBatches: "apikeys_usage_batches",
  changes: "apikeys_changes",
  changeSequence: "apikeys_change_sequence",
  fences: "apikeys_fences",
  migrations: "apikeys_migrations"
} as const

/** The tables of a store. */
export type Tables = { readonly [Name in keyof typeof tableNames]: Statement.Fragment }

/** What statements are written with. */
export interface Dialect {
  readonly sql: Statement.Constructor
  readonly tables: Tables
  readonly rows: Rows
  /** The server's time in milliseconds. */
  readonly nowMillis: Statement.Fragment
  readonly forShare: Statement.Fragment
  readonly forUpdate: Statement.Fragment
  /**
   * The same of those rows that nobody else has locked; the others are left out. Whoever only refers to a row need not
   * wait for it, where the database tells the two apart.
   */
  readonly forUpdateOfFree: Statement.Fragment
  /** After a table's name: makes rows be locked by their ids alone, and in that order. */
  readonly byPrimaryKey: Statement.Fragment
  /** Whether transactions run side by side, so that rows have to be locked. */
  readonly locksRows: boolean
  /** Columns of a row, separated by commas, each after the alias of its table. */
  readonly columns: (row: { readonly fields: Readonly<Record<string, unknown>> }, alias?: string) => Statement.Fragment
  readonly id: (id: string) => unknown
  /**
   * What the placeholders of {@link Dialect.isOneOf} stand for. A list of ids is one value where a database takes that; one
   * id is itself, so that it is looked up by an index however small the table is.
   */
  readonly ids: (ids: ReadonlyArray<string>) => ReadonlyArray<unknown>
  /** Whether a column is one of at least one id. */
  readonly isOneOf: (column: string, ids: ReadonlyArray<unknown>) => Statement.Fragment
  readonly decodeId: (column: unknown) => string
  readonly instant: (millis: number) => unknown
  readonly bytes: (bytes: Uint8Array) => unknown
  readonly json: (value: unknown) => unknown
  /** The rows that a statement gives. */
  readonly run: (
    connection: Connection,
    statement: Statement.Statement<object>
  ) => Effect.Effect<ReadonlyArray<unknown>, SqlError>
  /** A statement for a script. */
  readonly query: (statement: Statement.Statement<object>) => Query
  /**
   * Like `query`, of statements whose text tells nothing of the values but how many they are: each is written and
   * compiled once, which takes longer than to run it on SQLite.
   *
   * @param paramsOf what the text's placeholders stand for, in their order
   */
  readonly prepared: <A>(
    write: (values: ReadonlyArray<A>) => Statement.Statement<object>,
    paramsOf: (values: ReadonlyArray<A>) => ReadonlyArray<unknown>,
    asValues?: boolean
  ) => (values: ReadonlyArray<A>) => Query
  /** How many rows a statement changed. */
  readonly affected: (connection: Connection, statement: Statement.Statement<object>) => Effect.Effect<number, SqlError>
  /** The same, of a statement that is written already. */
  readonly affectedBy: Database["affected"]
}

/**
 * The constructor makes statements that cannot run by themselves, since that would be on whichever connection
 * comes, and outside of the transaction; `run` also spares them the span and the scope that they would get then,
 * which cost more than a statement of SQLite.
 */
export const makeDialect = (database: Database): Dialect => {
  const unbound = Effect.dieMessage("a statement is run on a connection")
  const sql = Statement.make(unbound, database.compiler, [], undefined)
  const { encode } = database.columns
  return {
    sql,
    tables: Object.fromEntries(
      Object.entries(tableNames).map(([name, table]) => [name, sql.literal(database.tablePrefix + table)])
    ) as Tables,
    rows: makeRows(database.columns),
    nowMillis: sql.literal(database.nowMillis),
    forShare: sql.literal(database.rowLocks.share),
    forUpdate: sql.literal(database.rowLocks.update),
    forUpdateOfFree: sql.literal(
      sql.onDialectOrElse({
        sqlite: () => "",
        pg: () => "for no key update skip locked",
        orElse: () => "for update skip locked"
      })
    ),
    byPrimaryKey: sql.literal(sql.onDialectOrElse({ mysql: () => "force index (primary)", orElse: () => "" })),
    locksRows: database.rowLocks.update !== "",
    columns: ({ fields }, alias) =>
      sql.literal(
        Object.keys(fields)
          .map((column) => (alias === undefined ? column : `${alias}.${column}`))
          .join(", ")
      ),
    id: encode.id,
    ids: sql.onDialectOrElse({
      pg: () => (ids: ReadonlyArray<string>) => (ids.length === 1 ? ids : [new PgList(ids)]),
      orElse: () => (ids: ReadonlyArray<string>) => padded(ids).map(encode.id)
    }),
    isOneOf: (column, ids) =>
      isList(ids)
        ? sql`${sql.literal(column)} = any(${ids[0]}::uuid[])`
        : sql`${sql.literal(column)} in ${sql.in(ids)}`,
    decodeId: Schema.decodeUnknownSync(database.columns.id),
    instant: encode.instant,
    bytes: encode.bytes,
    json: encode.json,
    run: (connection, statement) => {
      const [text, params] = statement.compile(true)
      return connection.execute(text, params, undefined)
    },
    query: (statement) => {
      const [text, params] = statement.compile(true)
      return { text, params, asValues: false }
    },
    prepared: (write, paramsOf, asValues = false) => {
      const texts = new Map<number, string>()
      return (values) => {
        const length = isList(values) ? 0 : values.length
        const text = texts.get(length) ?? write(values).compile(true)[0]
        texts.set(length, text)
        return { text, params: paramsOf(values), asValues }
      }
    },
    affected: (connection, statement) => {
      const [text, params] = statement.compile(true)
      return database.affected(connection, text, params)
    },
    affectedBy: database.affected
  }
}

/** A list of ids as one value. The driver writes each element of an array with care that ids do not need. */
class PgList {
  readonly #ids: ReadonlyArray<string>

  constructor(ids: ReadonlyArray<string>) {
    this.#ids = ids
  }

  /** Is called by the driver. */
  toPostgres(): string {
    return `{${this.#ids.join()}}`
  }
}

/** Whether values of whatever number are one value. */
const isList = (values: ReadonlyArray<unknown>): boolean => values[0] instanceof PgList

/** Like a list of values, but of a length that is a power of two: each length is a statement to prepare and to keep. */
export const padded = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => {
  const last = values[values.length - 1]
  if (last === undefined) return values
  const length = 2 ** Math.ceil(Math.log2(values.length))
  return [...values, ...Array.from({ length: length - values.length }, () => last)]
}

/** Values in pieces whose lengths are powers of two, for statements that cannot take a value twice. */
export const inPowersOfTwo = <A>(values: ReadonlyArray<A>, largest: number): ReadonlyArray<ReadonlyArray<A>> => {
  const pieces: Array<ReadonlyArray<A>> = []
  for (let start = 0; start < values.length; ) {
    const length = Math.min(largest, 2 ** Math.floor(Math.log2(values.length - start)))
    pieces.push(values.slice(start, start + length))
    start += length
  }
  return pieces
}
