import { Clock, DateTime, Effect } from "effect"
import { type RateLimit, sharesState } from "../domain/RateLimit.js"
import { chargeAll, type RateLimitOutcome } from "../domain/RateLimitStatus.js"
import { type Admission, type AdmissionOutcome, type RateLimitCharge, RateLimitStore } from "../ports/RateLimitStore.js"
import type { Counter, State } from "./State.js"
import { addUse } from "./UsageStore.js"

/** The port over a state. The time of a charge is that of Effect's `Clock`. */
export const make = (state: State) =>
  RateLimitStore.of({
    charge: (charges) =>
      Effect.map(Clock.currentTimeMillis, (now) => charges.map((charge) => chargeKey(state, charge, now))),
    admit: (admissions) =>
      Effect.map(Clock.currentTimeMillis, (now) => admissions.map((admission) => admitKey(state, admission, now))),
    reset: (keyId) => Effect.sync(() => void state.counters.delete(keyId))
  })

const chargeKey = (state: State, { cost, keyId, limits }: RateLimitCharge, now: number): RateLimitOutcome => {
  const counters = state.counters.get(keyId) ?? new Map<string, Counter>()
  const before = limits.map((limit) => stateOf(counters, limit))
  const [outcome, after] = chargeAll(limits, before, now, cost)
  // A key that was deleted meanwhile leaves no counter behind.
  if (after !== null && state.keys.has(keyId)) {
    limits.forEach((limit, i) => {
      const kept = after[i]
      if (kept !== undefined) counters.set(limit.name, { limit: identityOf(limit), state: Object.freeze({ ...kept }) })
    })
    state.counters.set(keyId, counters)
  }
  return outcome
}

const admitKey = (state: State, admission: Admission, now: number): AdmissionOutcome => {
  const { keyId, limits, usedAt } = admission
  const outcome: RateLimitOutcome =
    limits.length === 0 ? { allowed: true, retryAfterSeconds: 0, limits: [] } : chargeKey(state, admission, now)
  if (!outcome.allowed || usedAt === null) return { outcome, usage: null }
  addUse(state, { keyId, count: 1, lastUsedAt: usedAt })
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
