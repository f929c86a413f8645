import { Context, type Effect } from "effect"
import type { StoreError } from "../domain/Errors.js"
import type { KeyId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"

/** How often a key was used, and when last. */
export interface Usage {
  readonly keyId: KeyId
  /** At least 1. */
  readonly count: number
  readonly lastUsedAt: Instant
}

/** Uses that are recorded together. */
export interface UsageBatch {
  /** Names who counts: one recorder of one process, for as long as it lives. */
  readonly writer: string
  /** Ascends from 1 with each batch of a writer. */
  readonly number: number
  /** Each key at most once. */
  readonly uses: ReadonlyArray<Usage>
}

/** What became of a batch. */
export interface UsageRecording {
  /** The totals of those keys of the batch that exist. */
  readonly totals: ReadonlyMap<KeyId, UsageTotal>
  /** Those whose uses were left out, since another transaction holds their rows. */
  readonly locked: ReadonlyArray<KeyId>
}

/** What is known of a key's use once a batch is recorded. */
export interface UsageTotal {
  readonly useCount: number
  readonly lastUsedAt: Instant
}

/**
 * Where uses are counted. What each member promises is tested by the store contract.
 *
 * @since 0.1.0
 */
export class UsageStore extends Context.Tag("@apikeys/core/UsageStore")<
  UsageStore,
  {
    /**
     * Adds a batch to the totals, in one transaction, locking keys in the order of their ids, so that
     * concurrent batches cannot deadlock. `lastUsedAt` never goes back, and is never later than the store's own time as
     * it is then, whatever a batch or an earlier one says. A key that is not there is passed over. One whose row another
     * transaction holds is left out, and not waited for: its uses belong into a later batch. A store whose keys cannot
     * be locked one by one leaves none out.
     *
     * A batch whose number the writer has recorded already adds nothing, and leaves out what it left out then: a batch may
     * be repeated when it is not known whether it was committed.
     */
    readonly record: (batch: UsageBatch) => Effect.Effect<UsageRecording, StoreError>
  }
>() {}
