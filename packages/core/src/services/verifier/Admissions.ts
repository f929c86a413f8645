import { Clock, DateTime, Effect } from "effect"
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

  const admit = makeBatches<Admission, AdmissionOutcome, StoreError>({
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

  const charged = Effect.fnUntraced(function* (
    record: KeyRecord,
    cost: number
  ): Effect.fn.Return<ReadonlyArray<RateLimitStatus>, QuotaError | StoreError> {
    const outcome = yield* limiter.charge(record, cost)
    return outcome.allowed ? outcome.limits : yield* quotaError(record, outcome)
  })

  /** The charge, where it is one of the store's, and the use are committed together before the call returns. */
  const admitDurably = Effect.fnUntraced(function* (
    record: KeyRecord,
    { charges, cost }: Cost
  ): Effect.fn.Return<Admitted, QuotaError | StoreError> {
    const limits = charges && !limiter.isExact ? yield* charged(record, cost) : none
    const usedAt = yield* Clock.currentTimeMillis
    const { outcome, usage } = yield* admit({
      keyId: record.id,
      limits: charges && limiter.isExact ? record.rateLimits : [],
      cost,
      usedAt: DateTime.unsafeMake(usedAt)
    })
    if (!outcome.allowed) return yield* quotaError(record, outcome)
    // A key that was deleted since it was looked up has no totals: it is shown as this call knew it.
    record.useCount = Math.max(record.useCount, usage?.useCount ?? 0)
    record.lastUsedAt = Math.max(record.lastUsedAt ?? 0, usage?.lastUsedAt.epochMillis ?? usedAt)
    return {
      limits: charges && limiter.isExact ? outcome.limits : limits,
      useCount: usage?.useCount ?? record.useCount + 1,
      lastUsedAt: usage?.lastUsedAt.epochMillis ?? usedAt
    }
  })

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

  const later = Effect.fnUntraced(function* (
    record: KeyRecord,
    cost: Cost
  ): Effect.fn.Return<Admitted, QuotaError | StoreError> {
    const counting = cost.counts && mode !== "off"
    if (counting && mode === "durable") return yield* admitDurably(record, cost)
    // Before anything is charged: a call that finds no room costs nothing.
    if (counting) yield* uses.room(record.id)
    const limits = cost.charges ? yield* charged(record, cost.cost) : none
    return counting ? counted(record, yield* Clock.currentTimeMillis, limits) : uncounted(record, limits)
  })

  return { now, later }
})
