import { isSpent } from "@apikeys/core"
import { type Counter, counterColumns, toCounter } from "./Counter.js"
import type { Dialect } from "./Dialect.js"
import type { Script } from "./Script.js"

/** One transaction of charges in so many also looks at counters. */
export const pruneEvery = 256

/** As many as it looks at: as many as transactions, so that the table is gone round before it can grow for good. */
const batch = 256

/** What a clock that is wrong by less than this could still need is kept: a day. */
const marginMillis = 86_400_000

/** The last counter that was looked at. */
interface Position {
  readonly keyId: string
  readonly name: string
}

/**
 * Forgets counters that decide nothing any more. It goes round the table in the order of its primary key: an index on
 * the time would have to be changed by every charge.
 */
export const makeCounterPruning = (dialect: Dialect) => {
  const { query, sql, tables } = dialect
  let position: Position | null = null

  const next = function* (): Script<ReadonlyArray<Counter & { readonly keyId: string }>> {
    const { keyId, name } = position ?? { keyId: null, name: "" }
    const id = keyId === null ? null : dialect.id(keyId)
    const after = id === null ? sql`1 = 1` : sql`(r.key_id > ${id} or (r.key_id = ${id} and r.name > ${name}))`
    const rows = yield query(sql`
      select r.key_id, ${sql.literal(counterColumns)} from ${tables.rateLimits} r
      where ${after} order by r.key_id, r.name limit ${batch}`)
    return rows.map((row) => ({
      keyId: dialect.decodeId((row as { readonly key_id: unknown }).key_id),
      ...toCounter(row)
    }))
  }

  /** Looks at some counters, of which one that was charged meanwhile stays. */
  return function* (now: number): Script<void> {
    const counters = yield* next()
    const last = counters.length < batch ? undefined : counters[counters.length - 1]
    position = last === undefined ? null : { keyId: last.keyId, name: last.name }
    for (const { keyId, name, state, ...limit } of counters) {
      if (!isSpent(limit, state, now - marginMillis)) continue
      const same = sql`key_id = ${dialect.id(keyId)} and name = ${name} and charged_at = ${state.at}`
      yield query(sql`delete from ${tables.rateLimits} where ${same}`)
    }
  }
}
