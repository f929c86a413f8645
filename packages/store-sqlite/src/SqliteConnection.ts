import type { StoreError } from "@apikeys/core"
import type { Query } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import Sqlite from "better-sqlite3"
import { Effect, type Scope, Stream } from "effect"
import { pause } from "./EventLoop.js"
import { isInMemory, noWal, openFailure } from "./OpenFailure.js"
import { classify } from "./SqliteFailure.js"

/** Waiting for a lock inside of the driver stops the whole process, so it waits briefly there, and outside after. */
const busyTimeoutMillis = 10

/** As many statements as are kept compiled. The store has fewer, but for those whose length varies. */
const maxPrepared = 256

/** A connection, also for plain code: a file is read and written without waiting for anybody. */
export interface SqliteConnection extends Connection {
  /** The rows of a statement, in this very call. Throws what the driver throws. */
  readonly query: (query: Query) => ReadonlyArray<unknown>
  /** In this very call, too. Pragmas work when they are prepared, so those of a statement that is kept would work but once. */
  readonly pragma: (text: string) => void
  /** How many rows a statement changed. */
  readonly affected: (sql: string, params: ReadonlyArray<unknown>) => Effect.Effect<number, SqlError>
}

/** Runs what asks the driver. */
export const attempt = <A>(run: () => A): Effect.Effect<A, SqlError> =>
  Effect.try({ try: run, catch: (cause) => new SqlError({ cause, message: "Failed to execute statement" }) })

/** Keeps statements compiled; the oldest goes first. */
const makePrepare = (database: Sqlite.Database) => {
  const statements = new Map<string, Sqlite.Statement>()
  return (sql: string, raw: boolean): Sqlite.Statement => {
    const name = raw ? `raw ${sql}` : sql
    const known = statements.get(name)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    if (raw && statement.reader) statement.raw(true)
    if (statements.size >= maxPrepared) statements.delete(statements.keys().next().value as string)
    statements.set(name, statement)
    return statement
  }
}

/** @param turn runs before each statement that is an effect */
const connect = (
  filename: string,
  options: { readonly readonly?: boolean; readonly fileMustExist?: boolean },
  turn: Effect.Effect<void>
): Effect.Effect<SqliteConnection, SqlError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      attempt(() => new Sqlite(filename, options)),
      (database) => Effect.sync(() => database.close())
    ),
    (database) => {
      const prepare = makePrepare(database)
      const rowsOf = (statement: Sqlite.Statement, params: ReadonlyArray<unknown>): Array<unknown> => {
        if (statement.reader) return statement.all(...params)
        statement.run(...params)
        return []
      }
      const inTurn = <A>(run: () => A): Effect.Effect<A, SqlError> => Effect.zipRight(turn, attempt(run))
      const execute: Connection["execute"] = (sql, params) => inTurn(() => rowsOf(prepare(sql, false), params))
      return {
        execute,
        executeRaw: (sql, params) => execute(sql, params, undefined),
        executeValues: (sql, params) =>
          inTurn(() => rowsOf(prepare(sql, true), params) as ReadonlyArray<ReadonlyArray<unknown>>),
        executeUnprepared: (sql, params) => inTurn(() => rowsOf(database.prepare(sql), params)),
        executeStream: () => Stream.dieMessage("streams are not supported"),
        pragma: (text) => void database.pragma(text),
        query: ({ asValues, params, text }) => rowsOf(prepare(text, asValues), params),
        affected: (sql, params) => inTurn(() => prepare(sql, false).run(...params).changes)
      }
    }
  )

export const pragma = (connection: Connection, text: string) =>
  connection.executeUnprepared(`PRAGMA ${text}`, [], undefined)

/** Repeats what a lock refused, for as long as a call may take. */
const patiently = <A>(effect: Effect.Effect<A, SqlError>, timeout: number): Effect.Effect<A, SqlError> => {
  const end = performance.now() + timeout
  const again: Effect.Effect<A, SqlError> = Effect.catchAll(effect, (error) =>
    classify(error).undone && performance.now() < end
      ? Effect.zipRight(pause(5 + Math.random() * 20), again)
      : Effect.fail(error)
  )
  return again
}

/**
 * Opens a connection that writes.
 *
 * @param mustExist whether a file that is not there is an error; else it is made
 */
export const openWriter = (
  filename: string,
  mustExist: boolean,
  timeout: number,
  turn: Effect.Effect<void>
): Effect.Effect<SqliteConnection, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* connect(filename, { fileMustExist: mustExist }, turn)
    yield* pragma(connection, `busy_timeout = ${busyTimeoutMillis}`)
    yield* pragma(connection, "foreign_keys = ON")
    const [row] = yield* patiently(pragma(connection, "journal_mode = WAL"), timeout)
    const mode = (row as { readonly journal_mode: string }).journal_mode
    if (mode !== "wal" && !isInMemory(filename)) return yield* noWal(mode)
    return connection
  }).pipe(Effect.catchTag("SqlError", (error) => openFailure(filename, error)))

/** Opens a connection that cannot write, of a file that a writer has opened. */
export const openReader = (
  filename: string,
  timeout: number,
  turn: Effect.Effect<void>
): Effect.Effect<SqliteConnection, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* connect(filename, { readonly: true }, turn)
    yield* pragma(connection, `busy_timeout = ${busyTimeoutMillis}`)
    yield* patiently(pragma(connection, "schema_version"), timeout)
    return connection
  }).pipe(Effect.catchTag("SqlError", (error) => openFailure(filename, error)))
