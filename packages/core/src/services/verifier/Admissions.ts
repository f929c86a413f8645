import { type Clock, DateTime, Effect } from "effect"
import { QuotaError, type StoreError } from "../../domain/Errors.js"
import type { RateLimitOutcome, RateLimitStatus } from "../../domain/RateLimitStatus.js"
import { type Admission, type AdmissionOutcome, RateLimitStore } from "../../ports/RateLimitStore.js"
import { Settings } from "../Settings.js"
import { makeBatches } from "./Batches.js"
import { chargeBounds, chargeFailed } from "./ExactLimits.js"
import type { KeyRecord } from "./KeyRecord.js"
import { RateLimiter } from "./RateLimiter.js"
import type { Times } from "./RateLimiterService.js"
import { UsageRecorder } from "./UsageRecorder.js"

/** What a call costs a key that is good for it. */
export interface Cost {
  /** Whether the limits are charged. */
  readonly charges: boolean
  /** Whether it is a use. */
  readonly counts: boolean
  readonly cost: number
}

/** A call that was let in. */
export interface Admitted {
  readonly limits: ReadonlyArray<RateLimitStatus>
  /** With this call. */
  readonly useCount: number
  readonly lastUsedAt: number | null
}

const none: ReadonlyArray<RateLimitStatus> = Object.freeze([])

export const quotaError = ({ id }: KeyRecord, { limits, retryAfterSeconds }: RateLimitOutcome): QuotaError =>
  // It is of our own making, and a flood of refused calls should cost little.
  new QuotaError({ keyId: id, retryAfterSeconds, limits }, { disableValidation: true })

/** Charges a key and counts the use, or refuses and does neither: the last step of a verification. */
export const makeAdmissions = Effect.gen(function* () {
  const limiter = yield* RateLimiter
  const uses = yield* UsageRecorder
  const store = yield* RateLimitStore
  const { mode } = (yield* Settings).usage

  const { ask: admit } = makeBatches<Admission, AdmissionOutcome, StoreError>({
    ...chargeBounds,
    run: store.admit,
    onFull: chargeFailed("RateLimitStore.admit", true, "too many calls are waiting"),
    // Never a pass: a store that answers nothing did not admit.
    onMissing: chargeFailed("RateLimitStore.admit", false, "gave no answer")
  })

  /** The record, as this process knows it now, once one more use was counted. */
  const counted = (record: KeyRecord, at: number, limits: ReadonlyArray<RateLimitStatus>): Admitted => {
    uses.count(record.id, at)
    record.useCount++
    if (record.lastUsedAt === null || at > record.lastUsedAt) record.lastUsedAt = at
    return { limits, useCount: record.useCount, lastUsedAt: record.lastUsedAt }
  }

  const uncounted = ({ lastUsedAt, useCount }: KeyRecord, limits: ReadonlyArray<RateLimitStatus>): Admitted => ({
    limits,
    useCount,
    lastUsedAt
  })

  const charged = (
    record: KeyRecord,
    cost: number
  ): Effect.Effect<ReadonlyArray<RateLimitStatus>, QuotaError | StoreError> =>
    Effect.flatMap(limiter.charge(record, cost), (outcome) =>
      outcome.allowed ? Effect.succeed(outcome.limits) : Effect.fail(quotaError(record, outcome))
    )

  /** The use, and the charge where it is one of the store's, are committed together before the call returns. */
  const commit = (
    record: KeyRecord,
    { charges, cost }: Cost,
    usedAt: number,
    charged: ReadonlyArray<RateLimitStatus>
  ): Effect.Effect<Admitted, QuotaError | StoreError> => {
    const admission = {
      keyId: record.id,
      limits: charges && limiter.isExact ? record.rateLimits : [],
      cost,
      usedAt: DateTime.unsafeMake(usedAt)
    }
    return Effect.flatMap(admit(admission), ({ outcome, usage }) => {
      if (!outcome.allowed) return Effect.fail(quotaError(record, outcome))
      // A key that was deleted since it was looked up has no totals: it is shown as this call knew it.
      record.useCount = Math.max(record.useCount, usage?.useCount ?? 0)
      record.lastUsedAt = Math.max(record.lastUsedAt ?? 0, usage?.lastUsedAt.epochMillis ?? usedAt)
      return Effect.succeed({
        limits: charges && limiter.isExact ? outcome.limits : charged,
        useCount: usage?.useCount ?? record.useCount + 1,
        lastUsedAt: usage?.lastUsedAt.epochMillis ?? usedAt
      })
    })
  }

  const admitDurably = (
    record: KeyRecord,
    cost: Cost,
    clock: Clock.Clock
  ): Effect.Effect<Admitted, QuotaError | StoreError> =>
    cost.charges && !limiter.isExact
      ? Effect.flatMap(charged(record, cost.cost), (limits) =>
          commit(record, cost, clock.unsafeCurrentTimeMillis(), limits)
        )
      : commit(record, cost, clock.unsafeCurrentTimeMillis(), none)

  /** At once; `null` where the store has to be asked, and nothing was charged or counted. */
  const now = (record: KeyRecord, { charges, cost, counts }: Cost, times: Times): Admitted | QuotaError | null => {
    const counting = counts && mode !== "off"
    if (counting && (mode === "durable" || !uses.hasRoom(record.id))) return null
    let limits = none
    if (charges) {
      const outcome = limiter.chargeNow(record, cost, times)
      if (outcome === null) return null
      if (!outcome.allowed) return quotaError(record, outcome)
      limits = outcome.limits
    }
    return counting ? counted(record, times.millis, limits) : uncounted(record, limits)
  }

  const later = (
    record: KeyRecord,
    cost: Cost,
    clock: Clock.Clock
  ): Effect.Effect<Admitted, QuotaError | StoreError> => {
    const counting = cost.counts && mode !== "off"
    if (counting && mode === "durable") return admitDurably(record, cost, clock)
    const limits = cost.charges ? charged(record, cost.cost) : Effect.succeed(none)
    if (!counting) return Effect.map(limits, (statuses) => uncounted(record, statuses))
    // Before anything is charged: a call that finds no room costs nothing.
    return Effect.map(Effect.zipRight(uses.room(record.id), limits), (statuses) =>
      counted(record, clock.unsafeCurrentTimeMillis(), statuses)
    )
  }

  return { now, later }
})
