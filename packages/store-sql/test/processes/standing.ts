import type { Database } from "@apikeys/store-sql"
import { Effect } from "effect"
import type { StandingInput } from "../suites/standingSuite.js"

/** Says so, and stands still from then on, as a machine that is suspended does. */
const standStill = Effect.async<never>(() => {
  process.send?.({ _tag: "Done", result: null }, () => process.kill(process.pid, "SIGSTOP"))
})

/** Locks a row in a transaction, and stands still. */
export const stand = (database: Database, { statement }: StandingInput) =>
  database.transact("change", (connection) =>
    Effect.zipRight(connection.executeUnprepared(statement, [], undefined), standStill)
  )
