import { type Clock, DateTime, Effect, Exit } from "effect"
import { QuotaError, type StoreError } from "../../domain/Errors.js"
import type { RateLimitOutcome, RateLimitStatus } from "../../domain/RateLimitStatus.js"
import { type Admission, type AdmissionOutcome, RateLimitStore } from "../../ports/RateLimitStore.js"
import { Settings } from "../Settings.js"
import { makeBatches } from "./Batches.js"
import { type Caller, callback } from "./Caller.js"
import { chargeBounds, chargeFailed } from "./ExactLimits.js"
import type { KeyRecord } from "./KeyRecord.js"
import { RateLimiter } from "./RateLimiter.js"
import type { Times } from "./Times.js"
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

  const admissions = makeBatches<Admission, AdmissionOutcome, StoreError>({
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

  const limitsOf = (
    record: KeyRecord,
    outcome: RateLimitOutcome
  ): Exit.Exit<ReadonlyArray<RateLimitStatus>, QuotaError> =>
    outcome.allowed ? Exit.succeed(outcome.limits) : Exit.fail(quotaError(record, outcome))

  const charged = (record: KeyRecord, cost: number) =>
    Effect.flatMap(limiter.charge(record, cost), (outcome) => limitsOf(record, outcome))

  const admissionOf = (record: KeyRecord, { charges, cost }: Cost, usedAt: number): Admission => ({
    keyId: record.id,
    limits: charges && limiter.isExact ? record.rateLimits : [],
    cost,
    usedAt: DateTime.unsafeMake(usedAt)
  })

  /** @param charged what the limits are, where the store did not charge them */
  const admittedBy = (
    record: KeyRecord,
    { outcome, usage }: AdmissionOutcome,
    usedAt: number,
    charged: ReadonlyArray<RateLimitStatus> | null
  ): Exit.Exit<Admitted, QuotaError> => {
    if (!outcome.allowed) return Exit.fail(quotaError(record, outcome))
    // A key that was deleted since it was looked up has no totals: it is shown as this call knew it.
    record.useCount = Math.max(record.useCount, usage?.useCount ?? 0)
    record.lastUsedAt = Math.max(record.lastUsedAt ?? 0, usage?.lastUsedAt.epochMillis ?? usedAt)
    return Exit.succeed({
      limits: charged ?? outcome.limits,
      useCount: usage?.useCount ?? record.useCount + 1,
      lastUsedAt: usage?.lastUsedAt.epochMillis ?? usedAt
    })
  }

  type Land = (answer: Effect.Effect<Admitted, QuotaError | StoreError>) => void

  /** The use, and the charge where it is one of the store's, are committed together before the call returns. */
  const commit = (
    record: KeyRecord,
    cost: Cost,
    charged: ReadonlyArray<RateLimitStatus> | null,
    caller: Caller,
    clock: Clock.Clock,
    land: Land
  ): void => {
    const usedAt = clock.unsafeCurrentTimeMillis()
    admissions.add(admissionOf(record, cost, usedAt), caller, (answer) =>
      land(Exit.flatMap(answer, (admitted) => admittedBy(record, admitted, usedAt, charged)))
    )
  }

  const beginDurably = (record: KeyRecord, cost: Cost, caller: Caller, clock: Clock.Clock, land: Land): void => {
    if (!cost.charges) return commit(record, cost, none, caller, clock, land)
    if (limiter.isExact) return commit(record, cost, null, caller, clock, land)
    land(
      Effect.flatMap(charged(record, cost.cost), (limits) =>
        callback<Admitted, QuotaError | StoreError>((waiting, resume) =>
          commit(record, cost, limits, waiting, clock, resume)
        )
      )
    )
  }

  /** Where the store has to be asked. Plain code is given an `Exit`, or an effect where there is more to do. */
  const begin = (record: KeyRecord, cost: Cost, caller: Caller, clock: Clock.Clock, land: Land): void => {
    const counting = cost.counts && mode !== "off"
    if (counting && mode === "durable") return beginDurably(record, cost, caller, clock, land)
    const admitted = (limits: ReadonlyArray<RateLimitStatus>): Admitted =>
      counting ? counted(record, clock.unsafeCurrentTimeMillis(), limits) : uncounted(record, limits)
    // Before anything is charged: a call that finds no room costs nothing.
    if (counting && !uses.hasRoom(record.id)) {
      const limits = cost.charges ? charged(record, cost.cost) : Effect.succeed(none)
      return land(Effect.map(Effect.zipRight(uses.room(record.id), limits), admitted))
    }
    if (!cost.charges) return land(Effect.sync(() => admitted(none)))
    limiter.begin(record, cost.cost, caller, (answer) =>
      land(
        Exit.isExit(answer)
          ? Exit.map(
              Exit.flatMap(answer as Exit.Exit<RateLimitOutcome, StoreError>, (outcome) => limitsOf(record, outcome)),
              admitted
            )
          : Effect.map(
              Effect.flatMap(answer, (outcome) => limitsOf(record, outcome)),
              admitted
            )
      )
    )
  }

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

  return { now, begin }
})
