import type { Database } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { MysqlClient } from "@effect/sql-mysql2/MysqlClient"
import { Effect, Exit } from "effect"
import { bounded, makeBounds, overdueMillis } from "./MysqlBounds.js"
import { type DriverConnection, driverConnectionOf, makeLifetimes, retire, strand } from "./MysqlDriver.js"
import { spoilsConnection } from "./MysqlFailure.js"
import { makePermits } from "./Permits.js"

/** What is known of the connections of a client. */
export interface ConnectionsOptions {
  readonly client: MysqlClient
  /** How many milliseconds a call may take. */
  readonly timeout: number
  /** Of those that are ours alone; `null` for a client of the application. */
  readonly own: {
    readonly size: number
    /** After how many milliseconds each is replaced. */
    readonly maxLifetime: number | null
  } | null
}

/** A connection that is lent, and what ends it. */
type Use<A, E> = (connection: Connection, giveUp: Effect.Effect<void>) => Effect.Effect<A, E>

/** How the connections of a client are used. */
export interface MysqlConnections {
  readonly read: Database["read"]
  readonly transact: Database["transact"]
  /** Lends a connection whose statements may take so many milliseconds, outside of a transaction. */
  readonly hold: <A, E>(millis: number, use: Use<A, E>) => Effect.Effect<A, E | SqlError>
  readonly waitingFor: Database["waitingFor"]
  /** Breaks every connection that is open. */
  readonly breakAll: () => void
}

/**
 * A statement that was sent is waited for: else its connection would go back to the pool, or be rolled back, with an
 * answer still to come. Callers do not wait: their deadline leaves this behind. The connection is broken only where the
 * server must have ended the statement and says nothing: else that would live on in the server, beside the connection that
 * takes the place of this one.
 */
const toItsEnd = (connection: Connection, driver: DriverConnection | undefined, millis: number): Connection => {
  const watch = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        const watchdog = setTimeout(() => strand(driver), overdueMillis(millis))
        return Effect.ensuring(
          statement,
          Effect.sync(() => clearTimeout(watchdog))
        )
      })
    )
  return {
    execute: (...args) => watch(connection.execute(...args)),
    executeRaw: (...args) => watch(connection.executeRaw(...args)),
    executeStream: (...args) => connection.executeStream(...args),
    executeValues: (...args) => watch(connection.executeValues(...args)),
    executeUnprepared: (...args) => watch(connection.executeUnprepared(...args))
  }
}

const run = (connection: Connection, sql: string) => connection.executeUnprepared(sql, [], undefined)

/** In one round trip, whatever the isolation of the session is. */
const start = "set transaction isolation level read committed; start transaction"

/** Lends connections of a client, and runs transactions on them. */
export const makeConnections = ({ client, own, timeout }: ConnectionsOptions): MysqlConnections => {
  const permits = own === null ? null : makePermits(own.size)
  const lifetimes = makeLifetimes(own?.maxLifetime ?? null)

  /** `reserve` gives a connection of the pool, never that of a transaction which the fiber is in. */
  const lend = <A, E>(millis: number, use: Use<A, E>): Effect.Effect<A, E | SqlError> => {
    const lent = Effect.scoped(
      Effect.flatMap(client.reserve, (reserved) => {
        const driver = driverConnectionOf(reserved)
        const giveUp = Effect.sync(() => retire(driver))
        lifetimes.lend(driver)
        return Effect.suspend(() => use(toItsEnd(reserved, driver, millis), giveUp)).pipe(
          Effect.tapErrorCause((cause) =>
            cause._tag === "Fail" && spoilsConnection(cause.error) ? giveUp : Effect.void
          ),
          Effect.ensuring(Effect.sync(() => lifetimes.giveBack(driver)))
        )
      })
    )
    return permits === null ? lent : permits.withPermit(lent)
  }

  const bounds = makeBounds(timeout, own !== null)

  const transact: Database["transact"] = <A, E>(
    _durability: unknown,
    body: (connection: Connection) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | SqlError> =>
    lend(timeout, (connection, giveUp) => {
      /** A connection that cannot even do that must not be lent again with its transaction still open. */
      const rollback = Effect.catchAll(run(connection, `rollback; ${bounds.leave}`), () => giveUp)
      const commit = Effect.tapError(run(connection, `commit; ${bounds.leave}`), () => rollback)
      return Effect.uninterruptibleMask((restore) =>
        Effect.tapError(run(connection, `${bounds.enter}; ${start}`), () => rollback).pipe(
          Effect.zipRight(Effect.exit(restore(Effect.suspend(() => body(connection))))),
          Effect.flatMap(
            (exit): Effect.Effect<A, E | SqlError> =>
              Exit.isSuccess(exit) ? Effect.as(commit, exit.value) : Effect.zipRight(rollback, exit)
          )
        )
      )
    })

  return {
    transact,
    read: (use) => lend(timeout, (connection) => use(bounded(connection, timeout))),
    hold: (millis, use) => {
      const { enter, leave } = makeBounds(millis, own !== null)
      return lend(millis, (connection, giveUp) =>
        Effect.acquireUseRelease(
          run(connection, enter),
          () => use(connection, giveUp),
          () => Effect.catchAll(run(connection, leave), () => giveUp)
        )
      )
    },
    waitingFor: () => (permits?.areWaitedFor() === true ? "POOL_BUSY" : null),
    breakAll: lifetimes.breakAll
  }
}
