import type { StoreError } from "@apikeys/core"
import * as Reactivity from "@effect/experimental/Reactivity"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { Effect, type Scope } from "effect"
import { pause } from "./EventLoop.js"
import { isInMemory, noWal, openFailure } from "./OpenFailure.js"
import { classify } from "./SqliteFailure.js"

/** Waiting for a lock inside of the driver stops the whole process, so it waits briefly there, and outside after. */
const busyTimeoutMillis = 10

const prepareFailed = (error: SqlError): boolean => error.message.startsWith("Failed to prepare")

/**
 * A connection that is given back at once, since its client's lock is not ours: who writes is settled by the
 * writer. Statements that failed to prepare stay failed in the client's cache for ten minutes, be it for a lock
 * or for a table that was missing; those are prepared anew each time.
 *
 * @param turn runs before each statement
 */
const connect = (
  filename: string,
  readonly: boolean,
  turn: Effect.Effect<void>
): Effect.Effect<Connection, SqlError, Scope.Scope> =>
  SqliteClient.make({ filename, readonly, disableWAL: true }).pipe(
    Effect.flatMap((client) => Effect.scoped(client.reserve)),
    Effect.catchAllDefect((cause) => new SqlError({ cause, message: "Failed to open" })),
    Effect.map((connection): Connection => {
      const executeUnprepared: Connection["executeUnprepared"] = (sql, params, transform) =>
        Effect.try({
          try: () => connection.executeUnprepared(sql, params, transform),
          catch: (cause) => new SqlError({ cause, message: "Failed to prepare" })
        }).pipe(Effect.flatten, (effect) => Effect.zipRight(turn, effect))
      const execute: Connection["execute"] = (sql, params, transform) =>
        Effect.zipRight(
          turn,
          Effect.catchAll(connection.execute(sql, params, transform), (error) =>
            prepareFailed(error) ? executeUnprepared(sql, params, transform) : Effect.fail(error)
          )
        )
      return { ...connection, execute, executeUnprepared }
    }),
    Effect.provide(Reactivity.layer)
  )

/** Pragmas work when they are prepared, so those of a statement that is kept would work but once. */
export const pragma = (connection: Connection, text: string) =>
  connection.executeUnprepared(`PRAGMA ${text}`, [], undefined)

/** Repeats what a lock refused, for as long as a call may take. */
const patiently = <A>(effect: Effect.Effect<A, SqlError>, timeout: number): Effect.Effect<A, SqlError> => {
  const end = performance.now() + timeout
  const attempt: Effect.Effect<A, SqlError> = Effect.catchAll(effect, (error) =>
    classify(error).undone && performance.now() < end
      ? Effect.zipRight(pause(5 + Math.random() * 20), attempt)
      : Effect.fail(error)
  )
  return attempt
}

/** Opens a connection that writes. */
export const openWriter = (
  filename: string,
  timeout: number,
  turn: Effect.Effect<void>
): Effect.Effect<Connection, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* connect(filename, false, turn)
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
): Effect.Effect<Connection, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* connect(filename, true, turn)
    yield* pragma(connection, `busy_timeout = ${busyTimeoutMillis}`)
    yield* patiently(pragma(connection, "schema_version"), timeout)
    return connection
  }).pipe(Effect.catchTag("SqlError", (error) => openFailure(filename, error)))
