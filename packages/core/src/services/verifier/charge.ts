import { Effect } from "effect"
import type { ApiKey } from "../../domain/ApiKey.js"
import { QuotaError, StoreError } from "../../domain/Errors.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"
import { RateLimitStore } from "../../ports/RateLimitStore.js"

/** Charges all the limits of a key, or none and fails. A key without limits costs no trip to the store. */
export const makeCharge = Effect.map(RateLimitStore, (store) =>
  Effect.fnUntraced(function* (
    key: ApiKey,
    cost: number
  ): Effect.fn.Return<ReadonlyArray<RateLimitStatus>, QuotaError | StoreError> {
    if (key.rateLimits.length === 0) return []
    const [outcome] = yield* store.charge([{ keyId: key.id, limits: key.rateLimits, cost }])
    if (outcome === undefined) {
      // Never a pass: a store that answers nothing did not admit.
      return yield* new StoreError({ operation: "RateLimitStore.charge", retryable: false, reason: "gave no answer" })
    }
    if (outcome.allowed) return outcome.limits
    return yield* new QuotaError({
      keyId: key.id,
      retryAfterSeconds: outcome.retryAfterSeconds,
      limits: outcome.limits
    })
  })
)
