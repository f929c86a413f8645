import type { Effect } from "effect"
import type { StoreError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import type { RateLimit } from "../../domain/RateLimit.js"
import type { RateLimitOutcome } from "../../domain/RateLimitStatus.js"
import type { Ended } from "../../ports/RateLimitStore.js"
import type { Caller } from "./Caller.js"
import type { Times } from "./Times.js"

/** A key whose limits are charged. */
export interface LimitedKey {
  readonly id: KeyId
  /** At least one. */
  readonly rateLimits: ReadonlyArray<RateLimit>
}

/** What became of a charge: it was decided, or the key has ended and nothing was charged. */
export type Charged = RateLimitOutcome | Ended

/** Charges rate limits, in one of the modes. */
export interface RateLimiterService {
  /** Where the charges of this mode are committed before a call returns, so that a use can be committed with them. */
  readonly isExact: boolean
  /** Charges at once; `null` where the store has to be asked, and nothing was charged. */
  readonly chargeNow: (key: LimitedKey, cost: number, times: Times) => RateLimitOutcome | null
  readonly charge: (key: LimitedKey, cost: number) => Effect.Effect<Charged, StoreError>
  /** The same for plain code, which is given an `Exit`, or an effect where there is more to do. */
  readonly begin: (
    key: LimitedKey,
    cost: number,
    caller: Caller,
    land: (answer: Effect.Effect<Charged, StoreError>) => void
  ) => void
  /** The limits of a key as they stand, also of one that has ended. */
  readonly look: (key: LimitedKey) => Effect.Effect<RateLimitOutcome, StoreError>
  readonly reset: (id: KeyId) => Effect.Effect<void, StoreError>
}
