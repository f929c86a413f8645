import { KeyId, type UsageBatch, type UsageRecording, UsageStore } from "@apikeys/core"
import type { Dialect } from "./Dialect.js"
import type { KeyLocks } from "./HeldKeys.js"
import type { Operations } from "./Operations.js"
import type { Script } from "./Script.js"
import { type ScriptTimes, type StoreTime, timedBy } from "./ScriptTime.js"
import type { UseCounts } from "./UseCounts.js"

/** How far batches of a writer may overtake one another: older ones count as recorded, and are forgotten. */
const remembered = 1024

/** One batch in so many also forgets what is no longer needed. */
const pruneEvery = 64

/** A writer that was silent for so long repeats nothing any more: 7 days. */
const forgottenAfterMillis = 7 * 86_400_000

/** The mark that a batch left. */
interface Mark {
  readonly marks: unknown
  readonly newest: unknown
  readonly left_out: string | null
}

/** The port over a database. */
export const makeUsageStore = (
  dialect: Dialect,
  operations: Operations,
  uses: UseCounts,
  locks: KeyLocks,
  time: StoreTime
) => {
  const { query, sql, tables } = dialect

  /**
   * What a batch left out where it is recorded already, else `null`. Batches of a writer may be committed in another order
   * than they were numbered in, so each leaves its mark.
   */
  const leftOut = function* ({ number, writer }: UsageBatch): Script<ReadonlyArray<KeyId> | null> {
    const ofWriter = sql`from ${tables.usageBatches} where writer = ${writer}`
    const ofBatch = sql`${ofWriter} and batch = ${number}`
    const [row] = yield query(sql`
      select (select max(batch) ${ofWriter}) as newest, (select count(*) ${ofBatch}) as marks,
        (select left_out ${ofBatch}) as left_out`)
    const { left_out, marks, newest } = row as Mark
    if (Number(marks) > 0) return left_out === null ? [] : left_out.split(",").map((id) => KeyId.make(id))
    return newest !== null && number <= Number(newest) - remembered ? [] : null
  }

  /** The mark comes first: of two attempts that are under way, one then waits for the other, and finds it recorded. */
  const add = function* (
    { number, uses: used, writer }: UsageBatch,
    { counting }: ScriptTimes
  ): Script<ReadonlyArray<KeyId>> {
    const row = sql`(${writer}, ${number}, ${dialect.nowMillis})`
    yield query(sql`insert into ${tables.usageBatches} (writer, batch, recorded_at) values ${row}`)
    const { locked, times } = yield* locks.hold(used.map(({ keyId }) => keyId).sort())
    const free = used.filter(({ keyId }) => times.has(keyId))
    if (free.length > 0) yield* uses.add(free, counting)
    if (locked.size > 0) {
      const leaving = sql`left_out = ${[...locked].join()}`
      yield query(sql`update ${tables.usageBatches} set ${leaving} where writer = ${writer} and batch = ${number}`)
    }
    if (number % pruneEvery === 0) yield* forget(writer, number)
    return [...locked]
  }

  const forget = function* (writer: string, number: number): Script<void> {
    const old = sql`writer = ${writer} and batch <= ${number - remembered}`
    yield query(sql`delete from ${tables.usageBatches} where ${old}`)
    const silent = sql`recorded_at < ${dialect.nowMillis} - ${forgottenAfterMillis}`
    yield query(sql`delete from ${tables.usageBatches} where ${silent}`)
  }

  const record = function* (batch: UsageBatch, times: ScriptTimes): Script<UsageRecording> {
    const locked = (yield* leftOut(batch)) ?? (yield* add(batch, times))
    return { totals: yield* uses.totalsOf(batch.uses), locked }
  }

  const run = timedBy(time)<UsageRecording>((script) => operations.count("UsageStore.record", script))
  return UsageStore.of({ record: (batch) => run((times) => record(batch, times)) })
}
