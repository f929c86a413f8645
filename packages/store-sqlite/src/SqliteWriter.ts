import type { Database, Durability } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Exit } from "effect"
import { makeTurns, pause } from "./EventLoop.js"
import { makeLock } from "./Lock.js"
import { pragma } from "./SqliteConnection.js"
import { classify } from "./SqliteFailure.js"

/** The one writer of this process. */
export interface SqliteWriter {
  readonly transact: Database["transact"]
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
export const makeWriter = (connection: Connection, synchronous: "normal" | "full"): SqliteWriter => {
  const lock = makeLock()
  // Other processes come in between, and the timers of this one.
  const turn = makeTurns(0)
  let refusal: string | null = null
  let level: "NORMAL" | "FULL" | null = null

  const setLevel = (durability: Durability): Effect.Effect<void, SqlError> =>
    Effect.suspend(() => {
      const wanted = synchronous === "full" || durability === "change" ? "FULL" : "NORMAL"
      if (wanted === level) return Effect.void
      return Effect.map(pragma(connection, `synchronous = ${wanted}`), () => {
        level = wanted
      })
    })

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
      Effect.zipRight(setLevel(durability), begin(restore)).pipe(
        // Should one have stayed open since its rollback failed, it ends here.
        Effect.tapError(() => rollback),
        Effect.zipRight(Effect.exit(restore(Effect.suspend(() => use(connection))))),
        Effect.flatMap(
          (exit): Effect.Effect<A, E | SqlError> =>
            Exit.isSuccess(exit) ? Effect.as(commit, exit.value) : Effect.zipRight(rollback, exit)
        )
      )
    ).pipe((transaction) => lock(Effect.zipRight(turn, transaction)))

  return {
    transact,
    between: (use) => lock(Effect.suspend(() => use(connection))),
    waitingFor: () => refusal
  }
}
