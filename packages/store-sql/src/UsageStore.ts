import { type KeyId, type UsageBatch, UsageStore, type UsageTotal } from "@apikeys/core"
import type { Dialect } from "./Dialect.js"
import type { Operations } from "./Operations.js"
import type { Script } from "./Script.js"
import { type StoreTime, timedBy } from "./ScriptTime.js"
import type { UseCounts } from "./UseCounts.js"

/** How far batches of a writer may overtake one another: older ones count as recorded, and are forgotten. */
const remembered = 1024

/** One batch in so many also forgets what is no longer needed. */
const pruneEvery = 64

/** A writer that was silent for so long repeats nothing any more: 7 days. */
const forgottenAfterMillis = 7 * 86_400_000

/** The port over a database. */
export const makeUsageStore = (dialect: Dialect, operations: Operations, uses: UseCounts, time: StoreTime) => {
  const { query, sql, tables } = dialect

  /** Batches of a writer may be committed in another order than they were numbered in, so each leaves its mark. */
  const isRecorded = function* ({ number, writer }: UsageBatch): Script<boolean> {
    const ofWriter = sql`from ${tables.usageBatches} where writer = ${writer}`
    const [row] = yield query(sql`
      select (select max(batch) ${ofWriter}) as newest, (select count(*) ${ofWriter} and batch = ${number}) as marks`)
    const { marks, newest } = row as { readonly marks: unknown; readonly newest: unknown }
    return Number(marks) > 0 || (newest !== null && number <= Number(newest) - remembered)
  }

  const add = function* ({ number, uses: used, writer }: UsageBatch, clock: number | null): Script<void> {
    const row = sql`(${writer}, ${number}, ${dialect.nowMillis})`
    yield query(sql`insert into ${tables.usageBatches} (writer, batch, recorded_at) values ${row}`)
    yield* uses.add(used, clock)
    if (number % pruneEvery !== 0) return
    const old = sql`writer = ${writer} and batch <= ${number - remembered}`
    yield query(sql`delete from ${tables.usageBatches} where ${old}`)
    const silent = sql`recorded_at < ${dialect.nowMillis} - ${forgottenAfterMillis}`
    yield query(sql`delete from ${tables.usageBatches} where ${silent}`)
  }

  const record = function* (batch: UsageBatch, clock: number | null): Script<ReadonlyMap<KeyId, UsageTotal>> {
    if (!(yield* isRecorded(batch))) yield* add(batch, clock)
    return yield* uses.totalsOf(batch.uses)
  }

  const run = timedBy(time)<ReadonlyMap<KeyId, UsageTotal>>((script) => operations.count("UsageStore.record", script))
  return UsageStore.of({ record: (batch) => run((clock) => record(batch, clock)) })
}
