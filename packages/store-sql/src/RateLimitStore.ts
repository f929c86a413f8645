import {
  type Admission,
  type AdmissionOutcome,
  chargeAll,
  type KeyId,
  type LeaseOutcome,
  type LeaseRequest,
  leaseAll,
  type RateLimit,
  type RateLimitCharge,
  type RateLimitOutcome,
  type RateLimitRefund,
  type RateLimitState,
  RateLimitStore,
  refundAll,
  type StoreError,
  sharesState,
  type Usage,
  type UsageTotal
} from "@apikeys/core"
import { DateTime, Effect } from "effect"
import { type Counter, type CounterRow, counterColumns, toCounter, toCounterRow } from "./Counter.js"
import { makeCounterPruning, pruneEvery } from "./CounterPruning.js"
import { type Dialect, inPowersOfTwo } from "./Dialect.js"
import type { Operations } from "./Operations.js"
import { type Query, type Script, together } from "./Script.js"
import { type StoreTime, timedBy } from "./ScriptTime.js"
import type { UseCounts } from "./UseCounts.js"

/** As many counters as are written in one statement. */
const maxWritten = 128

/** The counters of a key, by name. */
interface KeyCounters {
  /** Whether the key is there: of one that was deleted nothing is kept. */
  exists: boolean
  readonly counters: Map<string, Counter>
  readonly changed: Set<string>
}

type Known = Map<KeyId, KeyCounters>

/** A row of a key and one of its counters, or of a key that has none, with the server's time. */
type CounterValues = readonly [
  keyId: unknown,
  name: string | null,
  algorithm: CounterRow["algorithm"],
  window: string,
  chargedAt: unknown,
  used: unknown,
  carry: unknown,
  now: unknown
]

/**
 * The port over a database.
 *
 * @param time of charges: the server's, or that of Effect's `Clock`
 */
export const makeRateLimitStore = (dialect: Dialect, operations: Operations, uses: UseCounts, time: StoreTime) => {
  const { query, run, sql, tables } = dialect
  const timed = timedBy(time)

  /**
   * @param read the server's time, where it came with something else
   * @param clock the time of Effect's `Clock` where that is the one that counts, else `null`
   */
  const timeOf = function* (read: unknown, clock: number | null): Script<number> {
    if (clock !== null) return clock
    if (read !== undefined) return Number(read)
    const [row] = yield query(sql`select ${dialect.nowMillis} as now_millis`)
    return Number((row as { readonly now_millis: unknown }).now_millis)
  }

  /**
   * Locks the keys in the order of their ids, so that concurrent charges cannot deadlock. Who holds a key's row has
   * its counters, also those that are not there yet, and no counter can outlive a key that is deleted meanwhile.
   */
  const lockKeys = (charges: ReadonlyArray<OfKey>): Query => lockRows(dialect.ids(keyIdsOf(charges)))

  const lockRows = dialect.prepared<unknown>(
    (ids) =>
      sql.onDialectOrElse({
        mysql: () => sql`
          select id from ${tables.keys} force index (primary) where ${dialect.isOneOf("id", ids)} order by id
          ${dialect.forUpdate}`,
        // Nobody needs the rows; and whoever refers to a key need not wait.
        pg: () => sql`
          select count(*) from (
            select id from ${tables.keys} where ${dialect.isOneOf("id", ids)} order by id for no key update
          ) held`,
        orElse: () => sql`
          select id from ${tables.keys} where ${dialect.isOneOf("id", ids)} order by id ${dialect.forUpdate}`
      }),
    (ids) => ids
  )

  const counterRows = dialect.prepared<unknown>(
    (ids) => sql`
      select k.id as key_id, ${sql.literal(counterColumns)}, (select ${dialect.nowMillis}) as now_millis
      from ${tables.keys} k left join ${tables.rateLimits} r on r.key_id = k.id
      where ${dialect.isOneOf("k.id", ids)}`,
    (ids) => ids,
    true
  )

  /**
   * The keys of the charges with their counters, and the time, which comes with them in one round trip.
   *
   * @param locked whose keys are locked, before the statement that also asks for the time: one that waited would charge
   *   at a time long past
   */
  const readCounters = function* (
    charges: ReadonlyArray<OfKey>,
    clock: number | null,
    locked: ReadonlyArray<OfKey>
  ): Script<readonly [known: Known, now: number]> {
    const ids = keyIdsOf(charges)
    const known: Known = new Map(ids.map((id) => [id, { exists: false, counters: new Map(), changed: new Set() }]))
    const counters = counterRows(dialect.ids(ids))
    const rows = yield locked.length > 0 && dialect.locksRows ? { ...counters, before: [lockKeys(locked)] } : counters
    let time: unknown
    for (const row of rows as ReadonlyArray<CounterValues>) {
      const [key_id, name, algorithm, limit_window, charged_at, used, carry, now_millis] = row
      const key = known.get(dialect.decodeId(key_id) as KeyId)
      time = now_millis
      if (key === undefined) continue
      key.exists = true
      if (name === null) continue
      key.counters.set(name, toCounter({ name, algorithm, limit_window, charged_at, used, carry }))
    }
    return [known, yield* timeOf(time, clock)]
  }

  const orUpdate = sql.onDialectOrElse({
    // Of the two ways to say so, the one that MariaDB has as well.
    mysql: () =>
      sql.literal(`on duplicate key update algorithm = values(algorithm), limit_window = values(limit_window),
            charged_at = values(charged_at), used = values(used), carry = values(carry)`),
    orElse: () =>
      sql.literal(`on conflict (key_id, name) do update set algorithm = excluded.algorithm,
            limit_window = excluded.limit_window, charged_at = excluded.charged_at,
            used = excluded.used, carry = excluded.carry`)
  })

  // Each row is made in one way, so its columns are always in the same order.
  const writeRows = dialect.prepared<Record<string, unknown>>(
    (rows) => sql`insert into ${tables.rateLimits} ${sql.insert(rows)} ${orUpdate}`,
    (rows) => rows.flatMap((row) => Object.values(row))
  )

  /** One text however many they are, and one value. */
  const writeList = dialect.prepared<string>(
    ([list]) => sql`
      insert into ${tables.rateLimits} (key_id, name, algorithm, limit_window, charged_at, used, carry)
      select key_id, name, algorithm, limit_window, charged_at, used, carry from jsonb_to_recordset(${list}::jsonb) as r (
        key_id uuid, name text, algorithm text, limit_window text, charged_at bigint, used bigint, carry bigint
      ) ${orUpdate}`,
    (values) => values
  )

  const writesOf = (known: Known): ReadonlyArray<Query> => {
    const changed = [...known].flatMap(([keyId, { changed, counters, exists }]) =>
      exists
        ? [...counters.values()]
            .filter(({ name }) => changed.has(name))
            .map((counter) => ({ key_id: dialect.id(keyId), ...toCounterRow(counter) }))
        : []
    )
    return sql.onDialectOrElse({
      pg: () => (changed.length === 0 ? [] : [writeList([JSON.stringify(changed)])]),
      orElse: () => inPowersOfTwo(changed, maxWritten).map(writeRows)
    })
  }

  /** Decides with the counters of the keys at hand, in order, and keeps what came of it. */
  const decideIn = <Request extends OfKey, A>(
    requests: ReadonlyArray<Request>,
    decide: (known: Known, request: Request, now: number) => A
  ) =>
    function* (clock: number | null): Script<ReadonlyArray<A>> {
      const [known, now] = yield* readCounters(requests, clock, requests)
      const decided = requests.map((request) => decide(known, request, now))
      const writes = together(writesOf(known))
      if (writes !== undefined) yield { ...writes, last: true }
      return decided
    }

  /** Decides without a lock; `null` where there is something to keep: a state that a wrong clock wrote. */
  const lookIn = (charges: ReadonlyArray<RateLimitCharge>) =>
    function* (clock: number | null): Script<ReadonlyArray<RateLimitOutcome> | null> {
      const [known, now] = yield* readCounters(charges, clock, [])
      const looked = charges.map((charge) => chargeKey(known, charge, now))
      return [...known.values()].some(({ changed }) => changed.size > 0) ? null : looked
    }

  const admitIn = (admissions: ReadonlyArray<Admission>) =>
    function* (clock: number | null): Script<ReadonlyArray<AdmissionOutcome>> {
      const charged = admissions.filter(({ limits }) => limits.length > 0)
      const outcomes = new Map<Admission, RateLimitOutcome>()
      let writes: ReadonlyArray<Query> = []
      if (charged.length > 0) {
        const [known, now] = yield* readCounters(charged, clock, admissions)
        for (const admission of charged) outcomes.set(admission, chargeKey(known, admission, now))
        writes = writesOf(known)
      } else if (dialect.locksRows) yield lockKeys(admissions)
      const used = usesOf(admissions, outcomes)
      if (used.length > 0) return withTotals(admissions, outcomes, used, yield* uses.addToTotals(used, writes, clock))
      const last = together(writes)
      if (last !== undefined) yield { ...last, last: true }
      return withTotals(admissions, outcomes, used, new Map())
    }

  const pruneIn = makeCounterPruning(dialect)
  const prune = timed<void>((script) => operations.count("RateLimitStore.prune", script))(function* (clock) {
    yield* pruneIn(yield* timeOf(undefined, clock))
  })
  let counted = 0

  /** A transaction of charges. Now and then counters are pruned after it; the call does not depend on that. */
  const count = <A>(name: string, script: (clock: number | null) => Script<A>): Effect.Effect<A, StoreError> => {
    const counting = timed<A>((timely) => operations.count(name, timely))(script)
    return Effect.suspend(() =>
      counted++ % pruneEvery === pruneEvery - 1 ? Effect.zipLeft(counting, Effect.ignore(prune)) : counting
    )
  }

  return RateLimitStore.of({
    charge: (charges) => {
      // A list of none is no SQL, but on SQLite.
      if (charges.length === 0) return Effect.succeed([])
      const charging = () => count("RateLimitStore.charge", decideIn(charges, chargeKey))
      if (charges.some(({ cost }) => cost > 0)) return charging()
      const looking = timed<ReadonlyArray<RateLimitOutcome> | null>((script) =>
        operations.readBy("RateLimitStore.charge", script)
      )(lookIn(charges))
      return Effect.flatMap(looking, (looked) => (looked === null ? charging() : Effect.succeed(looked)))
    },
    admit: (admissions) =>
      admissions.length === 0 ? Effect.succeed([]) : count("RateLimitStore.admit", admitIn(admissions)),
    lease: (requests) =>
      requests.length === 0 ? Effect.succeed([]) : count("RateLimitStore.lease", decideIn(requests, leaseKey)),
    refund: (refunds) =>
      refunds.length === 0
        ? Effect.void
        : Effect.asVoid(
            timed<unknown>((script) => operations.count("RateLimitStore.refund", script))(decideIn(refunds, refundKey))
          ),
    reset: (keyId) =>
      operations.change("RateLimitStore.reset", (connection) =>
        Effect.asVoid(run(connection, sql`delete from ${tables.rateLimits} where key_id = ${dialect.id(keyId)}`))
      )
  })
}

/** What the counters of a key are needed for. */
type OfKey = Pick<RateLimitCharge, "keyId">

/** Each once, and in order. */
const keyIdsOf = (charges: ReadonlyArray<OfKey>): ReadonlyArray<KeyId> => {
  const [first] = charges
  if (first !== undefined && charges.length === 1) return [first.keyId]
  return [...new Set(charges.map(({ keyId }) => keyId))].sort()
}

const statesOf = (known: Known, keyId: KeyId, limits: ReadonlyArray<RateLimit>) => {
  const { counters } = known.get(keyId) as KeyCounters
  return limits.map((limit) => {
    const counter = counters.get(limit.name)
    return counter !== undefined && sharesState(limit, counter) ? counter.state : null
  })
}

/** Keeps states for what comes after, and to be written. */
const keep = (
  known: Known,
  keyId: KeyId,
  limits: ReadonlyArray<RateLimit>,
  states: ReadonlyArray<RateLimitState | null>
): void => {
  const { changed, counters } = known.get(keyId) as KeyCounters
  limits.forEach(({ algorithm, name, window }, i) => {
    const state = states[i] ?? null
    if (state === null) return
    counters.set(name, { name, algorithm, window, state })
    changed.add(name)
  })
}

const chargeKey = (known: Known, { cost, keyId, limits }: RateLimitCharge, now: number): RateLimitOutcome => {
  const [outcome, after] = chargeAll(limits, statesOf(known, keyId, limits), now, cost)
  if (after !== null) keep(known, keyId, limits, after)
  return outcome
}

const leaseKey = (known: Known, request: LeaseRequest, now: number): LeaseOutcome => {
  const { ahead, keyId, limits, refund } = request
  if (refund !== null) refundKey(known, refund, now)
  const outcome = chargeKey(known, request, now)
  const states = statesOf(known, keyId, limits)
  const leases = outcome.allowed && ahead > 0 && states.every((each) => each !== null)
  const leased = leases ? leaseAll(limits, states, now, ahead) : null
  if (leased === null || known.get(keyId)?.exists !== true) return { outcome, lease: null }
  const [lease, after] = leased
  keep(known, keyId, limits, after)
  return { outcome: chargeAll(limits, after, now, 0)[0], lease }
}

const refundKey = (known: Known, { keyId, lease, limits }: RateLimitRefund, now: number): void =>
  keep(known, keyId, limits, refundAll(limits, statesOf(known, keyId, limits), now, lease))

const free: RateLimitOutcome = { allowed: true, retryAfterSeconds: 0, limits: [] }

const isUse = ({ usedAt }: Admission, outcome: RateLimitOutcome | undefined): boolean =>
  usedAt !== null && (outcome?.allowed ?? true)

/** The uses of the calls that were allowed, each key once. */
const usesOf = (
  admissions: ReadonlyArray<Admission>,
  outcomes: ReadonlyMap<Admission, RateLimitOutcome>
): ReadonlyArray<Usage> => {
  const uses = new Map<KeyId, Usage>()
  for (const admission of admissions) {
    const { keyId, usedAt } = admission
    if (usedAt === null || !isUse(admission, outcomes.get(admission))) continue
    const before = uses.get(keyId)
    uses.set(keyId, {
      keyId,
      count: (before?.count ?? 0) + 1,
      lastUsedAt: before === undefined ? usedAt : DateTime.max(before.lastUsedAt, usedAt)
    })
  }
  return [...uses.values()]
}

/** Each call with its key's totals at that very use. */
const withTotals = (
  admissions: ReadonlyArray<Admission>,
  outcomes: ReadonlyMap<Admission, RateLimitOutcome>,
  uses: ReadonlyArray<Usage>,
  totals: ReadonlyMap<KeyId, UsageTotal>
): ReadonlyArray<AdmissionOutcome> => {
  const later = new Map(uses.map(({ count, keyId }) => [keyId, count]))
  return admissions.map((admission) => {
    const outcome = outcomes.get(admission) ?? free
    const total = totals.get(admission.keyId)
    if (total === undefined || !isUse(admission, outcome)) return { outcome, usage: null }
    const after = (later.get(admission.keyId) ?? 1) - 1
    later.set(admission.keyId, after)
    return { outcome, usage: { useCount: total.useCount - after, lastUsedAt: total.lastUsedAt } }
  })
}
