import { Clock, DateTime, Effect } from "effect"
import type { KeyId } from "../domain/Ids.js"
import { endingOf } from "../domain/KeyEnding.js"
import { type RateLimit, sharesState } from "../domain/RateLimit.js"
import type { RateLimitState } from "../domain/RateLimitCharge.js"
import { leaseAll, refundAll } from "../domain/RateLimitLease.js"
import { chargeAll, type RateLimitOutcome } from "../domain/RateLimitStatus.js"
import {
  type Admission,
  type AdmissionOutcome,
  type LeaseOutcome,
  type LeaseRequest,
  type RateLimitCharge,
  type RateLimitRefund,
  RateLimitStore,
  type Uncharged
} from "../ports/RateLimitStore.js"
import type { Counter, State } from "./State.js"
import { addUse } from "./UsageStore.js"

/** The port over a state. The time of a charge is that of Effect's `Clock`. */
export const make = (state: State) =>
  RateLimitStore.of({
    charge: (charges) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        charges.map((charge) => (charge.cost > 0 ? endedAt(state, charge, now) : null) ?? chargeKey(state, charge, now))
      ),
    admit: (admissions) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        admissions.map((admission) => endedAt(state, admission, now) ?? admitKey(state, admission, now))
      ),
    lease: (requests) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        requests.map((request) => endedAt(state, request, now) ?? leaseKey(state, request, now))
      ),
    refund: (refunds) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        for (const refund of refunds) refundKey(state, refund, now)
        return []
      }),
    reset: (keyId) => Effect.sync(() => void state.counters.delete(keyId))
  })

/** What is answered of a key that has ended; `null` of one that is good. */
const endedAt = (state: State, { keyId }: Pick<RateLimitCharge, "keyId">, now: number): Uncharged | null => {
  const ending = endingOf(state.keys.get(keyId) ?? null, now)
  return ending === null ? null : { _tag: "Ended", ending }
}

const chargeKey = (state: State, { cost, keyId, limits }: RateLimitCharge, now: number): RateLimitOutcome => {
  const [outcome, after] = chargeAll(limits, statesOf(state, keyId, limits), now, cost)
  if (after !== null) keep(state, keyId, limits, after)
  return outcome
}

const leaseKey = (state: State, request: LeaseRequest, now: number): LeaseOutcome => {
  const { ahead, keyId, limits, refund } = request
  if (refund !== null) refundKey(state, refund, now)
  const outcome = chargeKey(state, request, now)
  const states = statesOf(state, keyId, limits)
  const leases = outcome.allowed && ahead > 0 && states.every((each) => each !== null)
  const leased = leases ? leaseAll(limits, states, now, ahead) : null
  if (leased === null) return { outcome, lease: null }
  const [lease, after] = leased
  keep(state, keyId, limits, after)
  return { outcome: chargeAll(limits, after, now, 0)[0], lease }
}

const refundKey = (state: State, { keyId, lease, limits }: RateLimitRefund, now: number): void =>
  keep(state, keyId, limits, refundAll(limits, statesOf(state, keyId, limits), now, lease))

const statesOf = (state: State, keyId: KeyId, limits: ReadonlyArray<RateLimit>) => {
  const counters = state.counters.get(keyId) ?? new Map<string, Counter>()
  return limits.map((limit) => stateOf(counters, limit))
}

/** A key that was deleted meanwhile leaves no counter behind. */
const keep = (
  state: State,
  keyId: KeyId,
  limits: ReadonlyArray<RateLimit>,
  states: ReadonlyArray<RateLimitState | null>
): void => {
  if (!state.keys.has(keyId)) return
  const counters = state.counters.get(keyId) ?? new Map<string, Counter>()
  limits.forEach((limit, i) => {
    const kept = states[i] ?? null
    if (kept !== null) counters.set(limit.name, { limit: identityOf(limit), state: Object.freeze({ ...kept }) })
  })
  state.counters.set(keyId, counters)
}

const admitKey = (state: State, admission: Admission, now: number): AdmissionOutcome => {
  const { keyId, limits, usedAt } = admission
  const outcome: RateLimitOutcome =
    limits.length === 0 ? { allowed: true, retryAfterSeconds: 0, limits: [] } : chargeKey(state, admission, now)
  if (!outcome.allowed || usedAt === null) return { outcome, usage: null }
  addUse(state, { keyId, count: 1, lastUsedAt: usedAt }, now)
  const row = state.keys.get(keyId)
  return {
    outcome,
    usage:
      row === undefined || row.lastUsedAt === null
        ? null
        : { useCount: row.useCount, lastUsedAt: DateTime.unsafeMake(row.lastUsedAt) }
  }
}

const stateOf = (counters: ReadonlyMap<string, Counter>, limit: RateLimit) => {
  const counter = counters.get(limit.name)
  return counter !== undefined && sharesState(counter.limit, limit) ? counter.state : null
}

const identityOf = ({ algorithm, name, window }: RateLimit): Counter["limit"] =>
  Object.freeze({ name, algorithm, window })
