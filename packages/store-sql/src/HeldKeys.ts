import { endingOf, type KeyId, type KeyTimes, type Uncharged } from "@apikeys/core"
import { Schema } from "effect"
import type { Dialect } from "./Dialect.js"
import { makeFences } from "./Fences.js"
import { plainInstant, quickly } from "./PlainColumn.js"
import type { Query, Script } from "./Script.js"

/** What is known of keys whose rows a transaction asked for. */
export interface HeldKeys {
  /** Those whose rows it holds: nobody changes them until it ends. */
  readonly times: ReadonlyMap<KeyId, KeyTimes>
  /** Those that are there and that others hold; a key that is neither is not there. */
  readonly locked: ReadonlySet<KeyId>
}

/** How transactions come to hold the rows of keys, without waiting for any. */
export interface KeyLocks {
  /**
   * Locks keys in the order of their ids, so that transactions cannot deadlock, and gives a row of each that was not
   * locked already: for {@link KeyLocks.timesIn}. Who holds a key's row has its counters, also those that are not there
   * yet, and no counter can outlive a key that is deleted meanwhile.
   */
  readonly lock: (ids: ReadonlyArray<KeyId>) => Query
  readonly timesIn: (rows: ReadonlyArray<unknown>) => ReadonlyMap<KeyId, KeyTimes>
  readonly hold: (ids: ReadonlyArray<KeyId>) => Script<HeldKeys>
}

type HeldRow = readonly [id: unknown, revokedAt: unknown, expiresAt: unknown, disabledAt: unknown, fencedAt: unknown]

export const makeKeyLocks = (dialect: Dialect): KeyLocks => {
  const { query, sql, tables } = dialect
  const toInstant = quickly(Schema.decodeUnknownSync(dialect.rows.Key.fields.created_at), plainInstant)
  const toMillis = (value: unknown): number | null => (value === null ? null : toInstant(value).epochMillis)

  const { covers } = makeFences(dialect)
  /** Of the first fence before a key. As a column: rows that are joined would have to be locked, too. */
  const fencedAt = sql`(select g.fenced_at from ${tables.fences} g where ${covers} order by g.number limit 1)`

  const lockRows = dialect.prepared<unknown>(
    (ids) => sql`
      select k.id, k.revoked_at, k.expires_at, k.disabled_at, ${fencedAt} as fenced_at
      from ${tables.keys} k ${dialect.byPrimaryKey}
      where ${dialect.isOneOf("k.id", ids)} order by k.id ${dialect.forUpdateOfFree}`,
    (ids) => ids,
    true
  )

  const lock = (ids: ReadonlyArray<KeyId>): Query => lockRows(dialect.ids(ids))

  const timesIn = (rows: ReadonlyArray<unknown>): ReadonlyMap<KeyId, KeyTimes> =>
    new Map(
      (rows as ReadonlyArray<HeldRow>).map(([id, revokedAt, expiresAt, disabledAt, fencedAt]) => [
        dialect.decodeId(id) as KeyId,
        { revokedAt: toMillis(revokedAt ?? fencedAt), expiresAt: toMillis(expiresAt), disabledAt: toMillis(disabledAt) }
      ])
    )

  const hold = function* (ids: ReadonlyArray<KeyId>): Script<HeldKeys> {
    if (ids.length === 0) return { times: new Map(), locked: new Set() }
    const times = timesIn(yield lock(ids))
    const missing = ids.filter((id) => !times.has(id))
    if (missing.length === 0 || !dialect.locksRows) return { times, locked: new Set() }
    const rows = yield query(sql`select id from ${tables.keys} where ${dialect.isOneOf("id", dialect.ids(missing))}`)
    return {
      times,
      locked: new Set(rows.map((row) => dialect.decodeId((row as { readonly id: unknown }).id) as KeyId))
    }
  }

  return { lock, timesIn, hold }
}

const locked: Uncharged = { _tag: "Locked" }

/** Why a key is not charged; `null` where it is. */
export const refusalOf = ({ locked: others, times }: HeldKeys, keyId: KeyId, now: number): Uncharged | null => {
  if (others.has(keyId)) return locked
  const ending = endingOf(times.get(keyId) ?? null, now)
  return ending === null ? null : { _tag: "Ended", ending }
}
