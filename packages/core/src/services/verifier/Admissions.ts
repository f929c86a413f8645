import { type Clock, DateTime, Effect, Exit } from "effect"
import { QuotaError, type StoreError } from "../../domain/Errors.js"
import { endingError } from "../../domain/KeyEnding.js"
import type { RateLimitOutcome, RateLimitStatus } from "../../domain/RateLimitStatus.js"
import {
  type Admission,
  type AdmissionOutcome,
  type Ended,
  isUncharged,
  RateLimitStore
} from "../../ports/RateLimitStore.js"
import { Settings } from "../Settings.js"
import { makeBatches } from "./Batches.js"
import { type Caller, callback } from "./Caller.js"
import { chargeBounds, chargeFailed } from "./ExactLimits.js"
import type { KeyRecord } from "./KeyRecord.js"
import { RateLimiter } from "./RateLimiter.js"
import type { Charged } from "./RateLimiterService.js"
import type { Confirm, Refused } from "./Standing.js"
import type { Times } from "./Times.js"
import { UsageRecorder } from "./UsageRecorder.js"
import { VerificationCache } from "./VerificationCache.js"

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

/** A call to be let in by the store. */
export interface Candidate {
  readonly record: KeyRecord
  readonly cost: Cost
  /** Whether what the call was decided by so far still stands: asked once it was charged, before it counts as a use. */
  readonly confirm: Confirm
}

type Limits = ReadonlyArray<RateLimitStatus>

type Answer<A> = Effect.Effect<A, Refused | QuotaError | StoreError>

const none: ReadonlyArray<RateLimitStatus> = Object.freeze([])

export const quotaError = ({ id }: KeyRecord, { limits, retryAfterSeconds }: RateLimitOutcome): QuotaError =>
  // It is of our own making, and a flood of refused calls should cost little.
  new QuotaError({ keyId: id, retryAfterSeconds, limits }, { disableValidation: true })

/** Charges a key and counts the use, or refuses and does neither: the last step of a verification. */
export const makeAdmissions = Effect.gen(function* () {
  const limiter = yield* RateLimiter
  const uses = yield* UsageRecorder
  const store = yield* RateLimitStore
  const cache = yield* VerificationCache
  const { mode } = (yield* Settings).usage

  const admissions = makeBatches<Admission, AdmissionOutcome | Ended, StoreError>({
    ...chargeBounds,
    run: store.admit,
    keyOf: ({ keyId }) => keyId,
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

  /** The store knows better than this process does. */
  const ended = ({ id }: KeyRecord, { ending }: Ended): Refused => {
    cache.keys.apply({ _tag: "Key", id })
    return endingError(id, ending)
  }

  const limitsOf = (record: KeyRecord, outcome: Charged): Exit.Exit<Limits, Refused | QuotaError> => {
    if (isUncharged(outcome)) return Exit.fail(ended(record, outcome))
    return outcome.allowed ? Exit.succeed(outcome.limits) : Exit.fail(quotaError(record, outcome))
  }

  const charged = (record: KeyRecord, cost: number) =>
    Effect.flatMap(limiter.charge(record, cost), (outcome) => limitsOf(record, outcome))

  const admissionOf = (record: KeyRecord, { charges, cost }: Cost, usedAt: number): Admission => ({
    keyId: record.id,
    limits: charges && limiter.isExact ? record.rateLimits : [],
    cost,
    usedAt: DateTime.unsafeMake(usedAt)
  })

  /** @param limits what the limits are, where the store did not charge them */
  const admittedBy = (
    record: KeyRecord,
    admission: AdmissionOutcome | Ended,
    usedAt: number,
    limits: Limits | null
  ): Exit.Exit<Admitted, Refused | QuotaError> => {
    if (isUncharged(admission)) return Exit.fail(ended(record, admission))
    const { outcome, usage } = admission
    if (!outcome.allowed) return Exit.fail(quotaError(record, outcome))
    record.useCount = Math.max(record.useCount, usage?.useCount ?? 0)
    record.lastUsedAt = Math.max(record.lastUsedAt ?? 0, usage?.lastUsedAt.epochMillis ?? usedAt)
    return Exit.succeed({
      limits: limits ?? outcome.limits,
      useCount: usage?.useCount ?? record.useCount + 1,
      lastUsedAt: usage?.lastUsedAt.epochMillis ?? usedAt
    })
  }

  type Land = (answer: Answer<Admitted>) => void

  /** What came of a charge, once the call was found to stand still. */
  const confirmed = <A>(
    { confirm }: Candidate,
    answer: Exit.Exit<A, Refused | QuotaError | StoreError>,
    then: (value: A) => Admitted
  ): Answer<Admitted> => {
    if (Exit.isFailure(answer)) return Exit.failCause(answer.cause)
    const standing = confirm()
    return standing === null ? Exit.succeed(then(answer.value)) : Effect.map(standing, () => then(answer.value))
  }

  const same = (admitted: Admitted): Admitted => admitted

  /** The use, and the charge where it is one of the store's, are committed together before the call returns. */
  const commit = (
    candidate: Candidate,
    limits: Limits | null,
    caller: Caller,
    clock: Clock.Clock,
    land: Land
  ): void => {
    const { cost, record } = candidate
    const usedAt = clock.unsafeCurrentTimeMillis()
    admissions.add(admissionOf(record, cost, usedAt), caller, (answer) =>
      land(
        confirmed(
          candidate,
          Exit.flatMap(answer, (admitted) => admittedBy(record, admitted, usedAt, limits)),
          same
        )
      )
    )
  }

  const beginDurably = (candidate: Candidate, caller: Caller, clock: Clock.Clock, land: Land): void => {
    const { cost, record } = candidate
    if (!cost.charges) return commit(candidate, none, caller, clock, land)
    if (limiter.isExact) return commit(candidate, null, caller, clock, land)
    land(
      Effect.flatMap(charged(record, cost.cost), (limits) =>
        callback<Admitted, Refused | QuotaError | StoreError>((waiting, resume) =>
          commit(candidate, limits, waiting, clock, resume)
        )
      )
    )
  }

  /** Where the store has to be asked. Plain code is given an `Exit`, or an effect where there is more to do. */
  const begin = (candidate: Candidate, caller: Caller, clock: Clock.Clock, land: Land): void => {
    const { cost, record } = candidate
    const counting = cost.counts && mode !== "off"
    if (counting && mode === "durable") return beginDurably(candidate, caller, clock, land)
    const admit = (answer: Exit.Exit<Limits, Refused | QuotaError | StoreError>): Answer<Admitted> =>
      confirmed(candidate, answer, (limits) =>
        counting ? counted(record, clock.unsafeCurrentTimeMillis(), limits) : uncounted(record, limits)
      )
    // Before anything is charged: a call that finds no room costs nothing.
    if (counting && !uses.hasRoom(record.id)) {
      const limits = cost.charges ? charged(record, cost.cost) : Effect.succeed(none)
      return land(Effect.flatMap(Effect.exit(Effect.zipRight(uses.room(record.id), limits)), admit))
    }
    if (!cost.charges) return land(Effect.suspend(() => admit(Exit.succeed(none))))
    const admitCharged = (answer: Exit.Exit<Charged, StoreError>) =>
      admit(Exit.flatMap(answer, (outcome) => limitsOf(record, outcome)))
    limiter.begin(record, cost.cost, caller, (answer) =>
      land(
        Exit.isExit(answer)
          ? admitCharged(answer as Exit.Exit<Charged, StoreError>)
          : Effect.flatMap(Effect.exit(answer), admitCharged)
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
