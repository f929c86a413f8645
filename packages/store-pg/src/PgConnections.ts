import type { Database } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import type * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Exit } from "effect"
import { spoilsConnection } from "./PgFailure.js"

/** Beyond the deadline of a call, so that the server may end by itself what takes too long. */
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
 * cancel whatever this one is doing by then, be it the next owner's. An interruption shows between statements.
 */
export const whole = (connection: Connection): Connection => ({
  ...connection,
  execute: (sql, params, transform) => Effect.uninterruptible(connection.execute(sql, params, transform)),
  executeRaw: (sql, params) => Effect.uninterruptible(connection.executeRaw(sql, params)),
  executeValues: (sql, params) => Effect.uninterruptible(connection.executeValues(sql, params)),
  executeUnprepared: (sql, params, transform) =>
    Effect.uninterruptible(connection.executeUnprepared(sql, params, transform))
})

/**
 * Takes a connection from the pool, never that of a transaction in which the fiber may be. It waits for one even
 * when interrupted, since the pool would give it to nobody else later.
 *
 * @param limit after so many milliseconds the connection is ended, since a server that hangs never answers
 */
const withConnection = <A, E>(
  client: PgClient.PgClient,
  limit: number,
  use: (connection: Reserved) => Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError> =>
  Effect.scoped(
    Effect.flatMap(client.reserve, (connection) => {
      const watchdog = setTimeout(() => discardReserved(connection), limit + graceMillis)
      return Effect.ensuring(
        Effect.tapErrorCause(
          Effect.suspend(() => use(connection)),
          (cause) =>
            Effect.sync(() => {
              if (cause._tag === "Fail" && spoilsConnection(cause.error)) discardReserved(connection)
            })
        ),
        Effect.sync(() => clearTimeout(watchdog))
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

/** @param timeout how many milliseconds a read may take */
export const makeConnections = (client: PgClient.PgClient, timeout: number): PgConnections => ({
  read: (use) =>
    Effect.uninterruptibleMask((restore) =>
      withConnection(client, timeout, (connection) => restore(Effect.suspend(() => use(whole(connection)))))
    ),
  transact: (limit, use) =>
    Effect.uninterruptibleMask((restore) =>
      withConnection(client, limit, (connection) => {
        const rollback = Effect.catchAllCause(connection.executeUnprepared("rollback", [], undefined), () =>
          Effect.sync(() => discardReserved(connection))
        )
        const begin = restore(whole(connection).executeUnprepared(beginning(limit), [], undefined))
        const body = Effect.zipRight(begin, restore(Effect.suspend(() => use(whole(connection)))))
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
})
