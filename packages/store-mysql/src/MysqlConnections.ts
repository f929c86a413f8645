import type { Database } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { MysqlClient } from "@effect/sql-mysql2/MysqlClient"
import { Effect, Exit } from "effect"
import { makePermits } from "./Permits.js"

/** What is known of the connections of a client. */
export interface ConnectionsOptions {
  readonly client: MysqlClient
  /** How many milliseconds a call may take. */
  readonly timeout: number
  /** How many connections there are, where they are ours alone. */
  readonly size: number | null
}

/** How the connections of a client are used. */
export interface MysqlConnections {
  /** Lends a connection, for so many milliseconds at most, with what breaks it. */
  readonly use: <A, E>(
    millis: number,
    body: (connection: Connection, giveUp: Effect.Effect<void>) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | SqlError>
  readonly transact: Database["transact"]
  readonly waitingFor: Database["waitingFor"]
  /** Breaks every connection that is open. */
  readonly breakAll: () => void
}

interface Socket {
  readonly destroyed: boolean
  readonly destroy: (error: Error) => void
}

/** The driver's connection, which is a private field of the client's. */
const socketOf = (connection: Connection): Socket | undefined =>
  (connection as { readonly conn?: { readonly stream?: Socket } }).conn?.stream

/** As if the network had failed: what runs on it fails, and the pool forgets it. */
const breakSocket = (socket: Socket | undefined): void => {
  socket?.destroy(Object.assign(new Error("given up"), { code: "ETIMEDOUT" }))
}

/**
 * A statement that was sent is waited for: else its connection would go back to the pool, or be rolled back, with an
 * answer still to come. Callers do not wait: their deadline leaves this behind.
 */
const toItsEnd = (connection: Connection): Connection => ({
  execute: (...args) => Effect.uninterruptible(connection.execute(...args)),
  executeRaw: (...args) => Effect.uninterruptible(connection.executeRaw(...args)),
  executeStream: (...args) => connection.executeStream(...args),
  executeValues: (...args) => Effect.uninterruptible(connection.executeValues(...args)),
  executeUnprepared: (...args) => Effect.uninterruptible(connection.executeUnprepared(...args))
})

/** Lends connections of a client, and runs transactions on them. */
export const makeConnections = ({ client, size, timeout }: ConnectionsOptions): MysqlConnections => {
  const permits = size === null ? null : makePermits(size)
  const sockets = new Set<Socket>()

  const remember = (socket: Socket | undefined): void => {
    if (socket === undefined || sockets.has(socket)) return
    for (const old of sockets) if (old.destroyed) sockets.delete(old)
    sockets.add(socket)
  }

  /**
   * `reserve` gives a connection of the pool, never that of a transaction which the fiber is in. One that is used for
   * longer than a call may take has been left behind: it waits for a server that hangs, and would do so for long.
   */
  const use: MysqlConnections["use"] = (millis, body) => {
    const lend = Effect.scoped(
      Effect.flatMap(client.reserve, (connection) => {
        const socket = socketOf(connection)
        remember(socket)
        const timer = setTimeout(() => breakSocket(socket), millis)
        return Effect.ensuring(
          Effect.suspend(() =>
            body(
              toItsEnd(connection),
              Effect.sync(() => breakSocket(socket))
            )
          ),
          Effect.sync(() => clearTimeout(timer))
        )
      })
    )
    return permits === null ? lend : permits.withPermit(lend)
  }

  /** In one round trip. A lock is waited for as long as a call may take: of whole seconds, at least one. */
  const isolation = "set transaction isolation level read committed; start transaction"
  const begin =
    size === null
      ? isolation
      : `set session innodb_lock_wait_timeout = ${Math.max(1, Math.ceil(timeout / 1000))}; ${isolation}`

  const run = (connection: Connection, sql: string) => connection.executeUnprepared(sql, [], undefined)

  const transact: Database["transact"] = <A, E>(
    _durability: unknown,
    body: (connection: Connection) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | SqlError> =>
    use(timeout, (connection, giveUp) => {
      /** A connection that cannot even do that must not be lent again with its transaction still open. */
      const rollback = Effect.catchAll(run(connection, "rollback"), () => giveUp)
      const commit = Effect.tapError(run(connection, "commit"), () => rollback)
      return Effect.uninterruptibleMask((restore) =>
        Effect.tapError(run(connection, begin), () => rollback).pipe(
          Effect.zipRight(Effect.exit(restore(Effect.suspend(() => body(connection))))),
          Effect.flatMap(
            (exit): Effect.Effect<A, E | SqlError> =>
              Exit.isSuccess(exit) ? Effect.as(commit, exit.value) : Effect.zipRight(rollback, exit)
          )
        )
      )
    })

  return {
    use,
    transact,
    waitingFor: () => (permits?.areWaitedFor() === true ? "POOL_BUSY" : null),
    breakAll: () => {
      for (const socket of sockets) breakSocket(socket)
    }
  }
}
