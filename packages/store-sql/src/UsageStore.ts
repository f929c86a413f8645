import { type UsageBatch, UsageStore } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect } from "effect"
import type { Dialect } from "./Dialect.js"
import type { Operations } from "./Operations.js"
import type { UseCounts } from "./UseCounts.js"

/** How far batches of a writer may overtake one another: older ones count as recorded, and are forgotten. */
const remembered = 1024

/** One batch in so many also forgets what is no longer needed. */
const pruneEvery = 64

/** A writer that was silent for so long repeats nothing any more: 7 days. */
const forgottenAfterMillis = 7 * 86_400_000

/** The port over a database. */
export const makeUsageStore = (dialect: Dialect, operations: Operations, uses: UseCounts) => {
  const { run, sql, tables } = dialect

  /** Batches of a writer may be committed in another order than they were numbered in, so each leaves its mark. */
  const isRecorded = (connection: Connection, { number, writer }: UsageBatch) => {
    const ofWriter = sql`from ${tables.usageBatches} where writer = ${writer}`
    const statement = sql`
      select (select max(batch) ${ofWriter}) as newest, (select count(*) ${ofWriter} and batch = ${number}) as marks`
    return Effect.map(run(connection, statement), ([row]) => {
      const { marks, newest } = row as { readonly marks: unknown; readonly newest: unknown }
      return Number(marks) > 0 || (newest !== null && number <= Number(newest) - remembered)
    })
  }

  const add = Effect.fnUntraced(function* (connection: Connection, batch: UsageBatch) {
    const { number, writer } = batch
    const row = sql`(${writer}, ${number}, ${dialect.nowMillis})`
    yield* run(connection, sql`insert into ${tables.usageBatches} (writer, batch, recorded_at) values ${row}`)
    yield* uses.add(connection, batch.uses)
    if (number % pruneEvery !== 0) return
    const old = sql`writer = ${writer} and batch <= ${number - remembered}`
    yield* run(connection, sql`delete from ${tables.usageBatches} where ${old}`)
    const silent = sql`recorded_at < ${dialect.nowMillis} - ${forgottenAfterMillis}`
    yield* run(connection, sql`delete from ${tables.usageBatches} where ${silent}`)
  })

  return UsageStore.of({
    record: (batch) =>
      operations.count("UsageStore.record", (connection) =>
        Effect.gen(function* () {
          if (!(yield* isRecorded(connection, batch))) yield* add(connection, batch)
          return yield* uses.totalsOf(connection, batch.uses)
        })
      )
  })
}
