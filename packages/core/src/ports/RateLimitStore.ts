import { Context, type Effect } from "effect"
import type { StoreError } from "../domain/Errors.js"
import type { KeyId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import type { KeyEnding } from "../domain/KeyEnding.js"
import type { RateLimit } from "../domain/RateLimit.js"
import type { RateLimitLease } from "../domain/RateLimitLease.js"
import type { RateLimitOutcome } from "../domain/RateLimitStatus.js"
import type { UsageTotal } from "./UsageStore.js"

/** A charge of all the limits of one key. */
export interface RateLimitCharge {
  readonly keyId: KeyId
  /** At least one. */
  readonly limits: ReadonlyArray<RateLimit>
  /** 0 looks without taking, and writes nothing. */
  readonly cost: number
}

/** A call to be admitted: what it charges, and the use that it is once it was. */
export interface Admission extends Omit<RateLimitCharge, "limits"> {
  /** None where the call charges nothing. */
  readonly limits: ReadonlyArray<RateLimit>
  /** When the call was made; `null` where it counts as no use. */
  readonly usedAt: Instant | null
}

/** What became of a call that was to be admitted. */
export interface AdmissionOutcome {
  /** Allowed where there was no limit to charge. */
  readonly outcome: RateLimitOutcome
  /**
   * The key's totals as this very call left them: of three uses that end at 10, the first saw 8. `null` where it
   * counted as no use.
   */
  readonly usage: UsageTotal | null
}

/** Permits of a lease that were not spent, and will not be any more. */
export interface RateLimitRefund extends Omit<RateLimitCharge, "cost"> {
  /** With as many permits as are given back. */
  readonly lease: RateLimitLease
}

/** Nothing was taken or counted: another transaction holds the key's row, which is not waited for. */
export interface Locked {
  readonly _tag: "Locked"
}

/** Nothing was taken or counted: the key has ended by now. */
export interface Ended {
  readonly _tag: "Ended"
  readonly ending: KeyEnding
}

/** Nothing was taken or counted. */
export type Uncharged = Locked | Ended

/**
 * Whether an answer of a {@link RateLimitStore} says that nothing was taken.
 *
 * @since 0.1.0
 */
export const isUncharged = (answer: object): answer is Uncharged => "_tag" in answer

/** A charge that takes permits ahead for the calls to come, where it is allowed. */
export interface LeaseRequest extends RateLimitCharge {
  /** So many at most; 0 for none. */
  readonly ahead: number
  /** What the same key gives back before it is charged; `null` for nothing. */
  readonly refund: RateLimitRefund | null
}

/** What became of a charge, and the permits that it took ahead: `null` for none. */
export interface LeaseOutcome {
  readonly outcome: RateLimitOutcome
  readonly lease: RateLimitLease | null
}

/**
 * Where the counters of rate limits live. What each member promises is tested by the store contract.
 *
 * A key that has ended (`endingOf` of the domain, by Effect's `Clock`; one that is not there is deleted) is charged
 * nothing: its state is read with the lock or the statement that charges, so that a revocation which returned before the
 * charge was asked for counts. Where the row of a key is locked by another transaction, its charges are answered
 * `Locked` at once, and those of the other keys are carried out: no call waits for the row of another key. A store whose
 * keys cannot be locked one by one never says so.
 *
 * The algorithm is `chargeAll` of the domain; an adapter reads the states, runs it and keeps what it returns,
 * with nothing in between: across fibers, connections and processes a limit admits at most what its algorithm
 * promises. A state that was kept for another algorithm or window under the same name counts as none.
 *
 * The time of a charge is the store's own (the database server's), so that processes agree; a store that is
 * built for tests takes it from Effect's `Clock`.
 *
 * @since 0.1.0
 */
export class RateLimitStore extends Context.Tag("@apikeys/core/RateLimitStore")<
  RateLimitStore,
  {
    /**
     * Charges in order, each all or nothing, and answers in the same order. They are committed when it
     * returns. Where the key was deleted meanwhile, no counter outlives it. A cost of 0 locks nothing, and shows the
     * limits of a key that has ended as well.
     */
    readonly charge: (
      charges: ReadonlyArray<RateLimitCharge>
    ) => Effect.Effect<ReadonlyArray<RateLimitOutcome | Uncharged>, StoreError>

    /**
     * Charges like `charge`, and adds a use of each call that was allowed to its key's totals, as `UsageStore.record`
     * does: all of it in one transaction, which is committed when it returns.
     */
    readonly admit: (
      admissions: ReadonlyArray<Admission>
    ) => Effect.Effect<ReadonlyArray<AdmissionOutcome | Uncharged>, StoreError>

    /**
     * Charges like `charge`, and takes permits ahead by `leaseAll` of the domain, in the same transaction; gives back
     * before that as `refund` does. The outcome shows the limits with what was taken ahead. A request of cost 0 takes
     * permits of counters that are there, and begins none: it may be of limits that the key had. A request that is not
     * carried out gives nothing back either.
     */
    readonly lease: (
      requests: ReadonlyArray<LeaseRequest>
    ) => Effect.Effect<ReadonlyArray<LeaseOutcome | Uncharged>, StoreError>

    /**
     * Gives permits back by `refundAll` of the domain, whatever the status of the key. Returns those that were not, since
     * another transaction holds the key's row.
     */
    readonly refund: (
      refunds: ReadonlyArray<RateLimitRefund>
    ) => Effect.Effect<ReadonlyArray<RateLimitRefund>, StoreError>

    /** Forgets the counters of a key; of one that is not there: nothing happens. */
    readonly reset: (keyId: KeyId) => Effect.Effect<void, StoreError>
  }
>() {}
