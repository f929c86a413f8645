import type { Database } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import type * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Exit } from "effect"
import { spoilsConnection } from "./PgFailure.js"

/** Beyond what the server allows a statement, so that it ends by itself what takes too long. */
export const graceMillis = 500

type Use<A, E> = (connection: Connection) => Effect.Effect<A, E>

/** How reads and transactions come by a connection, each by one of its own. */
export interface PgConnections {
  readonly read: Database["read"]
  /** A transaction whose statements may take so long. */
  readonly transact: <A, E>(timeout: number, use: Use<A, E>) => Effect.Effect<A, E | SqlError>
}

/** The driver's own client. */
interface DriverClient {
  readonly end: () => Promise<void>
  readonly connection?: { readonly stream?: { readonly destroy: () => void } }
}

/** A reserved connection of `@effect/sql-pg` holds it. */
interface Reserved extends Connection {
  readonly pg?: DriverClient
}

/**
 * Ends a connection: what runs on it fails at once, and the pool makes another in its place. A client that pipelines would
 * wait for the answers to come.
 */
export const discard = (client: object): void => {
  const { connection, end } = client as DriverClient
  end.call(client).catch(() => undefined)
  connection?.stream?.destroy()
}

const discardReserved = ({ pg }: Reserved): void => {
  if (pg !== undefined) discard(pg)
}

/**
 * Statements that are never cut off: interrupted, the driver would ask the server over another connection to
 * cancel whatever this one is doing by then, be it the next owner's. An interruption shows between statements. The
 * connection is ended only where the server must have ended a statement and says nothing: else that would live on in
 * the server, which would have one connection more than the pool.
 *
 * @param limit how many milliseconds the server allows a statement
 */
export const watched = (connection: Connection, limit: number): Connection => {
  const watch = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        const watchdog = setTimeout(() => discardReserved(connection), limit + graceMillis)
        return Effect.ensuring(
          statement,
          Effect.sync(() => clearTimeout(watchdog))
        )
      })
    )
  return {
    ...connection,
    execute: (sql, params, transform) => watch(connection.execute(sql, params, transform)),
    executeRaw: (sql, params) => watch(connection.executeRaw(sql, params)),
    executeValues: (sql, params) => watch(connection.executeValues(sql, params)),
    executeUnprepared: (sql, params, transform) => watch(connection.executeUnprepared(sql, params, transform))
  }
}

/**
 * Takes a connection from the pool, never that of a transaction in which the fiber may be. It waits for one even
 * when interrupted, since the pool would give it to nobody else later.
 */
const withConnection = <A, E>(
  client: PgClient.PgClient,
  limit: number,
  use: (connection: Reserved) => Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError> =>
  Effect.scoped(
    Effect.flatMap(client.reserve, (reserved) => {
      const connection = watched(reserved, limit)
      return Effect.tapErrorCause(
        Effect.suspend(() => use(connection)),
        (cause) =>
          Effect.sync(() => {
            if (cause._tag === "Fail" && spoilsConnection(cause.error)) discardReserved(connection)
          })
      )
    })
  )

/**
 * Isolation is what the queries are written for, whatever the role's default. The server ends by itself what was
 * given up here, and what a process left open that stands still: else its locks would stop all the others.
 */
export const beginning = (timeout: number): string =>
  ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"].reduce(
    (statements, setting) => `${statements}; set local ${setting} = ${timeout}`,
    "begin isolation level read committed"
  )

export const notCommitted = new SqlError({ cause: { code: "40000" }, message: "the server rolled back instead" })

/** A transaction in which a statement failed is rolled back by `commit`, which then reports no error. */
const commit = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(connection.executeRaw("commit", []), (result) =>
    (result as { readonly command?: unknown }).command === "ROLLBACK" ? Effect.fail(notCommitted) : Effect.void
  )

/** What is known of the connections of a client. */
interface ConnectionsOptions {
  readonly client: PgClient.PgClient
  /** How many milliseconds a read may take. */
  readonly timeout: number
  /** Whether the server ends by itself a read that takes longer; else reads run in transactions of their own, where it does. */
  readonly areBounded: () => boolean
}

export const makeConnections = ({ areBounded, client, timeout }: ConnectionsOptions): PgConnections => {
  const transact: PgConnections["transact"] = (limit, use) =>
    Effect.uninterruptibleMask((restore) =>
      withConnection(client, limit, (connection) => {
        const rollback = Effect.catchAllCause(connection.executeUnprepared("rollback", [], undefined), () =>
          Effect.sync(() => discardReserved(connection))
        )
        const begin = restore(connection.executeUnprepared(beginning(limit), [], undefined))
        const body = Effect.zipRight(begin, restore(Effect.suspend(() => use(connection))))
        return Effect.flatMap(Effect.exit(body), (exit) =>
          Exit.isSuccess(exit)
            ? Effect.as(
                Effect.tapError(commit(connection), () => rollback),
                exit.value
              )
            : Effect.zipRight(rollback, exit)
        )
      })
    )

  return {
    transact,
    read: (use) =>
      Effect.suspend(() =>
        areBounded()
          ? Effect.uninterruptibleMask((restore) =>
              withConnection(client, timeout, (connection) => restore(Effect.suspend(() => use(connection))))
            )
          : transact(timeout, use)
      )
  }
}
