import { type Database, type Durability, runScriptNow, type Script, type Scripts } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Exit } from "effect"
import { inSlice, makeSlices, pause } from "./EventLoop.js"
import { makeLock } from "./Lock.js"
import { attempt, type SqliteConnection } from "./SqliteConnection.js"
import { classify } from "./SqliteFailure.js"

/** How long transactions may follow each other in one turn of the event loop. */
const transactionSliceMillis = 2

const statement = (text: string) => ({ text, params: [], asValues: false })

/** While one waited for a turn, another transaction began. It says that nothing was done, so that it is repeated. */
const held = Object.assign(new Error("another transaction is under way"), { code: "SQLITE_BUSY" })

/** The one writer of this process. */
export interface SqliteWriter {
  readonly transact: Database["transact"]
  /** A transaction in one go, where no other of this process is under way. */
  readonly count: Scripts["count"]
  /** Runs when no transaction is open: for reads of a database that has this one connection. */
  readonly between: Database["read"]
  readonly waitingFor: Database["waitingFor"]
}

type Restore = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/**
 * Lets one transaction run at a time, each with the write lock from its beginning: read-then-write cannot fail
 * half way, nor can two processes deadlock. While another process has the lock, this one's first waits and the
 * others queue behind it, so that a thousand fibers do not ask a thousand times.
 */
export const makeWriter = (connection: SqliteConnection, synchronous: "normal" | "full"): SqliteWriter => {
  const lock = makeLock()
  // Other processes come in between, and the timers of this one.
  const slices = makeSlices(transactionSliceMillis)
  let refusal: string | null = null
  let level: "NORMAL" | "FULL" | null = null

  const levelOf = (durability: Durability) => (synchronous === "full" || durability === "change" ? "FULL" : "NORMAL")

  const setLevel = (durability: Durability): void => {
    const wanted = levelOf(durability)
    if (wanted === level) return
    connection.pragma(`synchronous = ${wanted}`)
    level = wanted
  }

  /** SQLite may have rolled back already, which makes this an error that says nothing. */
  const rollback = Effect.ignore(connection.execute("ROLLBACK", [], undefined))
  const commit = Effect.tapError(connection.execute("COMMIT", [], undefined), () => rollback)

  /** Only the pauses can be interrupted: else a transaction might stay open that nobody knows of. */
  const begin = (restore: Restore, attempt = 1): Effect.Effect<void, SqlError> =>
    Effect.matchEffect(connection.execute("BEGIN IMMEDIATE", [], undefined), {
      onSuccess: () => {
        refusal = null
        return Effect.void
      },
      onFailure: (error) => {
        const { code, undone } = classify(error)
        if (!undone) return Effect.fail(error)
        refusal = code
        const longest = Math.min(40, 4 * 1.5 ** attempt)
        return Effect.zipRight(restore(pause(1 + Math.random() * longest)), begin(restore, attempt + 1))
      }
    })

  const transact: Database["transact"] = <A, E>(
    durability: Durability,
    use: (connection: Connection) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | SqlError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
        attempt(() => setLevel(durability)),
        begin(restore)
      ).pipe(
        // Should one have stayed open since its rollback failed, it ends here.
        Effect.tapError(() => rollback),
        Effect.zipRight(Effect.exit(restore(Effect.suspend(() => use(connection))))),
        Effect.flatMap(
          (exit): Effect.Effect<A, E | SqlError> =>
            Exit.isSuccess(exit) ? Effect.as(commit, exit.value) : Effect.zipRight(rollback, exit)
        )
      )
    ).pipe((transaction) => lock.run(Effect.zipRight(slices.take, transaction)))

  /** SQLite may have rolled back already, which makes this an error that says nothing. */
  const rollbackNow = (): void => {
    try {
      connection.query(statement("ROLLBACK"))
    } catch {
      // Should it be open still, the next one's BEGIN fails, and ends it.
    }
  }

  /** In this very call, so that nothing comes in between. */
  const countNow = <A>(script: Script<A>): A => {
    if (lock.isHeld()) throw held
    setLevel("count")
    try {
      connection.query(statement("BEGIN IMMEDIATE"))
      const value = runScriptNow(script, connection.query)
      connection.query(statement("COMMIT"))
      return value
    } catch (error) {
      rollbackNow()
      throw error
    }
  }

  const count: SqliteWriter["count"] = (script) =>
    lock.isHeld()
      ? null
      : inSlice(
          slices,
          attempt(() => countNow(script()))
        )

  return {
    transact,
    count,
    between: (use) => lock.run(Effect.suspend(() => use(connection))),
    waitingFor: () => refusal
  }
}
