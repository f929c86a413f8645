import type { KeyId, Usage, UsageTotal } from "@apikeys/core"
import { DateTime, Schema } from "effect"
import { type Dialect, padded } from "./Dialect.js"
import type { Query, Script } from "./Script.js"
import type { StoreTime } from "./ScriptTime.js"

/** As many keys as are read in one statement. */
const maxRead = 512

/**
 * The totals of uses that keys have, in whatever transaction. Whoever used a key last did so at the store's present at
 * the latest, whatever the clock of their process says, or the store's own said before.
 */
export interface UseCounts {
  /**
   * Adds uses: each in the order of their ids, and where transactions run side by side, all in one statement.
   *
   * @param clock the time of Effect's `Clock` where that is the one that counts, else `null`
   */
  readonly add: (uses: ReadonlyArray<Usage>, clock: number | null) => Script<unknown>
  /** Of those keys that exist and were used. */
  readonly totalsOf: (uses: ReadonlyArray<Usage>) => Script<ReadonlyMap<KeyId, UsageTotal>>
  /**
   * Adds uses, and tells the totals that come of it: in one statement where the database has such. It is the last thing
   * in its transaction.
   */
  readonly addToTotals: (
    uses: ReadonlyArray<Usage>,
    before: ReadonlyArray<Query>,
    clock: number | null
  ) => Script<ReadonlyMap<KeyId, UsageTotal>>
}

/** @param time whose present it is: the server's, or that of Effect's `Clock` */
export const makeUseCounts = (dialect: Dialect, time: StoreTime): UseCounts => {
  const { sql, tables } = dialect
  const decodeUsage = Schema.decodeUnknownSync(dialect.rows.Usage)
  const usageColumns = dialect.columns(dialect.rows.Usage)

  const serverNow = sql.onDialectOrElse({
    mysql: () => sql.literal("utc_timestamp(3)"),
    pg: () => sql.literal("date_trunc('milliseconds', clock_timestamp())"),
    orElse: () => dialect.nowMillis
  })
  /** The present in a statement, and the values that it takes. */
  const present = (now: unknown) => (time === "store" ? serverNow : sql`${now}`)
  const presentOf = (clock: number | null): ReadonlyArray<unknown> =>
    time === "store" ? [] : [dialect.instant(clock as number)]
  const [least, greatest] = sql.onDialectOrElse({
    pg: () => [sql.literal("least"), sql.literal("greatest")] as const,
    orElse: () => [sql.literal("min"), sql.literal("max")] as const
  })

  /** One use at a time, whose total comes with it. */
  const addUse = dialect.prepared<unknown>(
    ([count, or, at, id, now]) => sql`
      update ${tables.keys} set use_count = use_count + ${count},
        last_used_at = ${least}(${greatest}(coalesce(last_used_at, ${or}), ${at}), ${present(now)})
      where id = ${id} returning ${usageColumns}`,
    ([count, or, at, id, ...now]) => [count, or, at, ...now, id]
  )

  /** Gives the rows of totals, but on MySQL, whose updates return none. */
  const addUses = (
    uses: ReadonlyArray<Usage>,
    before: ReadonlyArray<Query>,
    clock: number | null,
    last: boolean
  ): Script<ReadonlyArray<unknown>> => {
    const ordered = uses.length === 1 ? uses : [...uses].sort((one, other) => (one.keyId < other.keyId ? -1 : 1))
    return sql.onDialectOrElse({
      mysql: () => once({ ...dialect.query(addInJsonOrder(ordered, clock)), before }),
      pg: () => once({ ...addLocked(ordered, clock), before, last }),
      orElse: () => addOneByOne(ordered, before, clock)
    })
  }

  const once = function* (query: Query): Script<ReadonlyArray<unknown>> {
    return yield query
  }

  const addOneByOne = function* (
    uses: ReadonlyArray<Usage>,
    before: ReadonlyArray<Query>,
    clock: number | null
  ): Script<ReadonlyArray<unknown>> {
    for (const query of before) yield query
    const rows: Array<unknown> = []
    for (const use of uses) rows.push(...(yield addUse(valuesOf(use, clock))))
    return rows
  }

  const valuesOf = ({ count, keyId, lastUsedAt }: Usage, clock: number | null): ReadonlyArray<unknown> => {
    const at = dialect.instant(lastUsedAt.epochMillis)
    return [count, at, at, dialect.id(keyId), ...presentOf(clock)]
  }

  /** One text however many they are. The list is read in its order, and the keys looked up one by one. */
  const addInJsonOrder = (uses: ReadonlyArray<Usage>, clock: number | null) => {
    const list = uses.map(({ count, keyId, lastUsedAt }) => [
      keyId.replaceAll("-", ""),
      count,
      DateTime.formatIso(lastUsedAt).slice(0, -1)
    ])
    return sql`
      update json_table(${JSON.stringify(list)}, '$[*]' columns (
          id char(32) path '$[0]', uses bigint path '$[1]', used_at datetime(3) path '$[2]'
        )) u straight_join ${tables.keys} k force index (primary) on k.id = unhex(u.id)
      set k.use_count = k.use_count + u.uses,
        k.last_used_at = least(greatest(coalesce(k.last_used_at, u.used_at), u.used_at), ${present(presentOf(clock)[0])})`
  }

  /** Locks are taken in the order of the inner select; the update itself may go through the rows in any other. */
  const addInLockedOrder = dialect.prepared<unknown>(
    ([list, now]) => sql`
      with used as materialized (
        select id, uses, used_at from jsonb_to_recordset(${list}::jsonb)
          as u (id uuid, uses bigint, used_at timestamptz)
      ), held as materialized (
        select id from ${tables.keys} where id in (select id from used) order by id ${dialect.forUpdate}
      )
      update ${tables.keys} k
      set use_count = k.use_count + u.uses,
        last_used_at = least(greatest(k.last_used_at, u.used_at), ${present(now)})
      from held h join used u on u.id = h.id where k.id = h.id
      returning ${dialect.columns(dialect.rows.Usage, "k")}`,
    (values) => values
  )

  const addLocked = (uses: ReadonlyArray<Usage>, clock: number | null): Query => {
    const [only] = uses
    return only !== undefined && uses.length === 1
      ? addUse(valuesOf(only, clock))
      : addInLockedOrder([listOf(uses), ...presentOf(clock)])
  }

  const listOf = (uses: ReadonlyArray<Usage>): string =>
    JSON.stringify(
      uses.map(({ count, keyId, lastUsedAt }) => ({ id: keyId, uses: count, used_at: DateTime.formatIso(lastUsedAt) }))
    )

  const toTotals = (rows: ReadonlyArray<unknown>): ReadonlyMap<KeyId, UsageTotal> => {
    const totals = new Map<KeyId, UsageTotal>()
    for (const row of rows) {
      const { id, last_used_at, use_count } = decodeUsage(row)
      if (last_used_at !== null) totals.set(id, { useCount: use_count, lastUsedAt: last_used_at })
    }
    return totals
  }

  const totalsOf = function* (uses: ReadonlyArray<Usage>): Script<ReadonlyMap<KeyId, UsageTotal>> {
    const found: Array<unknown> = []
    for (let start = 0; start < uses.length; start += maxRead) {
      const ids = padded(uses.slice(start, start + maxRead)).map(({ keyId }) => dialect.id(keyId))
      found.push(...(yield dialect.query(sql`select ${usageColumns} from ${tables.keys} where id in ${sql.in(ids)}`)))
    }
    return toTotals(found)
  }

  const addToTotals: UseCounts["addToTotals"] = function* (uses, before, clock) {
    const rows = yield* addUses(uses, before, clock, true)
    return sql.onDialectOrElse({ mysql: () => true, orElse: () => false }) ? yield* totalsOf(uses) : toTotals(rows)
  }

  return { add: (uses, clock) => addUses(uses, [], clock, false), totalsOf, addToTotals }
}
