import {
  type Admission,
  type AdmissionOutcome,
  chargeAll,
  isUncharged,
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
  type Uncharged,
  type Usage,
  type UsageTotal
} from "@apikeys/core"
import { DateTime, Effect } from "effect"
import { type Counter, type CounterRow, counterColumns, toCounter, toCounterRow } from "./Counter.js"
import { makeCounterPruning, pruneEvery } from "./CounterPruning.js"
import { makeCounterReset } from "./CounterReset.js"
import { type Dialect, inPowersOfTwo } from "./Dialect.js"
import { type HeldKeys, type KeyLocks, refusalOf } from "./HeldKeys.js"
import type { Operations } from "./Operations.js"
import { type Query, type Script, together } from "./Script.js"
import { type ScriptTimes, type StoreTime, timedBy } from "./ScriptTime.js"
import type { UseCounts } from "./UseCounts.js"

/** As many counters as are written in one statement. */
const maxWritten = 128

/** The counters of a key, by name. */
interface KeyCounters {
  readonly counters: Map<string, Counter>
  readonly changed: Set<string>
}

type Known = ReadonlyMap<KeyId, KeyCounters>

/** What charges are decided by. */
interface Read {
  readonly known: Known
  readonly held: HeldKeys
  readonly now: number
}

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
export const makeRateLimitStore = (
  dialect: Dialect,
  operations: Operations,
  uses: UseCounts,
  locks: KeyLocks,
  time: StoreTime
) => {
  const { query, sql, tables } = dialect
  const timed = timedBy(time)

  /** @param read the server's time, where it came with something else */
  const timeOf = function* (read: unknown, { counting }: ScriptTimes): Script<number> {
    if (counting !== null) return counting
    if (read !== undefined) return Number(read)
    const [row] = yield query(sql`select ${dialect.nowMillis} as now_millis`)
    return Number((row as { readonly now_millis: unknown }).now_millis)
  }

  const counterRows = dialect.prepared<unknown>(
    (ids) => sql`
      select k.id as key_id, ${sql.literal(counterColumns)}, (select ${dialect.nowMillis}) as now_millis
      from ${tables.keys} k left join ${tables.rateLimits} r on r.key_id = k.id
      where ${dialect.isOneOf("k.id", ids)}`,
    (ids) => ids,
    true
  )

  /**
   * The counters of keys, and the time, which comes with them in one round trip; before that, the keys are locked whose
   * counters are to be changed. What waits for no lock charges at a time that is not past.
   */
  const readCounters = function* (
    requests: ReadonlyArray<OfKey>,
    changing: ReadonlyArray<OfKey>,
    times: ScriptTimes
  ): Script<Read> {
    const ids = keyIdsOf(requests)
    const counters = counterRows(dialect.ids(ids))
    if (changing.length === 0) return yield* readOf(ids, [], yield counters, times)
    const lock = locks.lock(keyIdsOf(changing))
    const [held, rows] = yield { ...counters, before: [lock], each: true }
    return yield* readOf(ids, held as ReadonlyArray<unknown>, rows as ReadonlyArray<unknown>, times)
  }

  const readOf = function* (
    ids: ReadonlyArray<KeyId>,
    held: ReadonlyArray<unknown>,
    rows: ReadonlyArray<unknown>,
    times: ScriptTimes
  ): Script<Read> {
    const known = new Map<KeyId, KeyCounters>(ids.map((id) => [id, { counters: new Map(), changed: new Set() }]))
    const timesOfKeys = locks.timesIn(held)
    const locked = new Set<KeyId>()
    let time: unknown
    for (const row of rows as ReadonlyArray<CounterValues>) {
      const [key_id, name, algorithm, limit_window, charged_at, used, carry, now_millis] = row
      const id = dialect.decodeId(key_id) as KeyId
      time = now_millis
      // It is there, and yet was not to be had.
      if (!timesOfKeys.has(id)) locked.add(id)
      if (name === null) continue
      known.get(id)?.counters.set(name, toCounter({ name, algorithm, limit_window, charged_at, used, carry }))
    }
    return { known, held: { times: timesOfKeys, locked }, now: yield* timeOf(time, times) }
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

  /** Of keys whose rows are not held, nothing is kept. */
  const writesOf = ({ held, known }: Pick<Read, "held" | "known">): ReadonlyArray<Query> => {
    const changed = [...known].flatMap(([keyId, { changed, counters }]) =>
      [...counters.values()]
        .filter(({ name }) => changed.has(name) && held.times.has(keyId))
        .map((counter) => ({ key_id: dialect.id(keyId), ...toCounterRow(counter) }))
    )
    return sql.onDialectOrElse({
      pg: () => (changed.length === 0 ? [] : [writeList([JSON.stringify(changed)])]),
      orElse: () => inPowersOfTwo(changed, maxWritten).map(writeRows)
    })
  }

  /**
   * Decides with the counters of the keys at hand, in order, and keeps what came of it.
   *
   * @param changes whether a request changes anything, so that its key's row has to be held
   */
  const decideIn = <Request extends OfKey, A>(
    requests: ReadonlyArray<Request>,
    changes: (request: Request) => boolean,
    decide: (read: Read, request: Request, times: ScriptTimes) => A
  ) =>
    function* (times: ScriptTimes): Script<ReadonlyArray<A>> {
      const read = yield* readCounters(requests, requests.filter(changes), times)
      const decided = requests.map((request) => decide(read, request, times))
      const writes = together(writesOf(read))
      if (writes !== undefined) yield { ...writes, last: true }
      return decided
    }

  /** Decides without a lock; `null` where there is something to keep: a state that a wrong clock wrote. */
  const lookIn = (charges: ReadonlyArray<RateLimitCharge>) =>
    function* (times: ScriptTimes): Script<ReadonlyArray<RateLimitOutcome> | null> {
      const { known, now } = yield* readCounters(charges, [], times)
      const looked = charges.map((charge) => chargeKey(known, charge, now))
      return [...known.values()].some(({ changed }) => changed.size > 0) ? null : looked
    }

  const admitIn = (admissions: ReadonlyArray<Admission>) =>
    function* (times: ScriptTimes): Script<ReadonlyArray<AdmissionOutcome | Uncharged>> {
      const charged = admissions.filter(({ limits }) => limits.length > 0)
      const read: Omit<Read, "now"> & { readonly now: number | null } =
        charged.length > 0
          ? yield* readCounters(admissions, admissions, times)
          : { known: new Map(), held: yield* locks.hold(keyIdsOf(admissions)), now: null }
      const outcomes = new Map(admissions.map((admission) => [admission, admitKey(read, admission, times)] as const))
      const writes = writesOf(read)
      const used = usesOf(admissions, outcomes)
      if (used.length > 0)
        return withTotals(admissions, outcomes, used, yield* uses.addToTotals(used, writes, times.counting))
      const last = together(writes)
      if (last !== undefined) yield { ...last, last: true }
      return withTotals(admissions, outcomes, used, new Map())
    }

  const pruneIn = makeCounterPruning(dialect)
  const prune = timed<void>((script) => operations.count("RateLimitStore.prune", script))(function* (times) {
    yield* pruneIn(yield* timeOf(undefined, times))
  })
  let counted = 0

  /** A transaction of charges. Now and then counters are pruned after it; the call does not depend on that. */
  const count = <A>(name: string, script: (times: ScriptTimes) => Script<A>): Effect.Effect<A, StoreError> => {
    const counting = timed<A>((timely) => operations.count(name, timely))(script)
    return Effect.suspend(() =>
      counted++ % pruneEvery === pruneEvery - 1 ? Effect.zipLeft(counting, Effect.ignore(prune)) : counting
    )
  }

  return RateLimitStore.of({
    charge: (charges) => {
      // A list of none is no SQL, but on SQLite.
      if (charges.length === 0) return Effect.succeed([])
      const charging = (changes: (charge: RateLimitCharge) => boolean) =>
        count("RateLimitStore.charge", decideIn(charges, changes, chargeOrRefuse))
      if (charges.some(takes)) return charging(takes)
      const looking = timed<ReadonlyArray<RateLimitOutcome> | null>((script) =>
        operations.readBy("RateLimitStore.charge", script)
      )(lookIn(charges))
      return Effect.flatMap(
        looking,
        (looked): Effect.Effect<ReadonlyArray<RateLimitOutcome | Uncharged>, StoreError> =>
          looked === null ? charging(always) : Effect.succeed(looked)
      )
    },
    admit: (admissions) =>
      admissions.length === 0 ? Effect.succeed([]) : count("RateLimitStore.admit", admitIn(admissions)),
    lease: (requests) =>
      requests.length === 0
        ? Effect.succeed([])
        : count("RateLimitStore.lease", decideIn(requests, always, leaseOrRefuse)),
    refund: (refunds) =>
      refunds.length === 0
        ? Effect.succeed([])
        : Effect.map(
            timed<ReadonlyArray<boolean>>((script) => operations.count("RateLimitStore.refund", script))(
              decideIn(refunds, always, refundUnlessLocked)
            ),
            (done) => refunds.filter((_, i) => done[i] === false)
          ),
    reset: makeCounterReset(dialect, operations)
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

const takes = ({ cost }: RateLimitCharge): boolean => cost > 0

const always = () => true

const chargeKey = (known: Known, { cost, keyId, limits }: RateLimitCharge, now: number): RateLimitOutcome => {
  const [outcome, after] = chargeAll(limits, statesOf(known, keyId, limits), now, cost)
  if (after !== null) keep(known, keyId, limits, after)
  return outcome
}

const chargeOrRefuse = (
  { held, known, now }: Read,
  charge: RateLimitCharge,
  { clock }: ScriptTimes
): RateLimitOutcome | Uncharged =>
  (takes(charge) ? refusalOf(held, charge.keyId, clock) : null) ?? chargeKey(known, charge, now)

const admitKey = (
  { held, known, now }: Omit<Read, "now"> & { readonly now: number | null },
  admission: Admission,
  { clock }: ScriptTimes
): RateLimitOutcome | Uncharged => {
  const refusal = refusalOf(held, admission.keyId, clock)
  if (refusal !== null) return refusal
  return admission.limits.length === 0 || now === null ? free : chargeKey(known, admission, now)
}

const leaseOrRefuse = (
  { held, known, now }: Read,
  request: LeaseRequest,
  { clock }: ScriptTimes
): LeaseOutcome | Uncharged => refusalOf(held, request.keyId, clock) ?? leaseKey(known, request, now)

const leaseKey = (known: Known, request: LeaseRequest, now: number): LeaseOutcome => {
  const { ahead, keyId, limits, refund } = request
  if (refund !== null) refundKey(known, refund, now)
  const outcome = chargeKey(known, request, now)
  const states = statesOf(known, keyId, limits)
  const leases = outcome.allowed && ahead > 0 && states.every((each) => each !== null)
  const leased = leases ? leaseAll(limits, states, now, ahead) : null
  if (leased === null) return { outcome, lease: null }
  const [lease, after] = leased
  keep(known, keyId, limits, after)
  return { outcome: chargeAll(limits, after, now, 0)[0], lease }
}

const refundKey = (known: Known, { keyId, lease, limits }: RateLimitRefund, now: number): void =>
  keep(known, keyId, limits, refundAll(limits, statesOf(known, keyId, limits), now, lease))

/** `false` where it was not carried out. What was taken of a key that is not there any more is gone with it. */
const refundUnlessLocked = ({ held, known, now }: Read, refund: RateLimitRefund): boolean => {
  if (held.locked.has(refund.keyId)) return false
  if (held.times.has(refund.keyId)) refundKey(known, refund, now)
  return true
}

const free: RateLimitOutcome = { allowed: true, retryAfterSeconds: 0, limits: [] }

type Admitted = ReadonlyMap<Admission, RateLimitOutcome | Uncharged>

const isUse = ({ usedAt }: Admission, outcome: RateLimitOutcome | Uncharged | undefined): boolean =>
  usedAt !== null && outcome !== undefined && !isUncharged(outcome) && outcome.allowed

/** The uses of the calls that were allowed, each key once. */
const usesOf = (admissions: ReadonlyArray<Admission>, outcomes: Admitted): ReadonlyArray<Usage> => {
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
  outcomes: Admitted,
  uses: ReadonlyArray<Usage>,
  totals: ReadonlyMap<KeyId, UsageTotal>
): ReadonlyArray<AdmissionOutcome | Uncharged> => {
  const later = new Map(uses.map(({ count, keyId }) => [keyId, count]))
  return admissions.map((admission) => {
    const outcome = outcomes.get(admission) ?? free
    if (isUncharged(outcome)) return outcome
    const total = totals.get(admission.keyId)
    if (total === undefined || !isUse(admission, outcome)) return { outcome, usage: null }
    const after = (later.get(admission.keyId) ?? 1) - 1
    later.set(admission.keyId, after)
    return { outcome, usage: { useCount: total.useCount - after, lastUsedAt: total.lastUsedAt } }
  })
}
