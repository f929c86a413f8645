import { type Database, guarded } from "@apikeys/store-sql"
import { Effect } from "effect"
import type { StandingInput } from "../suites/standingSuite.js"

/** Says so, and stands still until it is told to go on, as a machine that is suspended does. */
const standStill = Effect.async<void>((resume) => {
  process.send?.({ _tag: "Done", result: null }, () => {
    process.kill(process.pid, "SIGSTOP")
    resume(Effect.void)
  })
})

/** Locks a row in a transaction, and stands still; then says how that ended, and whether the database is there. */
export const stand = (database: Database, { statement, timeout }: StandingInput) =>
  Effect.gen(function* () {
    const transaction = database.transact("change", (connection) => {
      const lock = connection.executeUnprepared(statement, [], undefined)
      return Effect.zipRight(lock, Effect.zipRight(standStill, lock))
    })
    const { retryable } = yield* Effect.flip(guarded(database, timeout, "stand", transaction))
    const rows = yield* Effect.retry(
      guarded(
        database,
        timeout,
        "look",
        database.read((connection) => connection.executeUnprepared("select 1 as one", [], undefined))
      ),
      { times: 5 }
    )
    return { retryable, rows: rows.length }
  })
