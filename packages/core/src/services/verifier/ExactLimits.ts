import { type Context, Effect } from "effect"
import { StoreError } from "../../domain/Errors.js"
import { isUncharged, type RateLimitCharge, RateLimitStore } from "../../ports/RateLimitStore.js"
import { makeBatches } from "./Batches.js"
import type { Charged, RateLimiterService } from "./RateLimiterService.js"

/** As many charges as one transaction holds, and as many as wait. */
export const chargeBounds = { size: 256, concurrency: 1, capacity: 20_000 }

/** Why a charge, or an admission, came to nothing. */
export const chargeFailed = (operation: string, retryable: boolean, reason: string) => () =>
  new StoreError({ operation, retryable, reason })

/** The limits of a key as the store has them, whatever has become of the key. */
export const makeLook =
  (store: Context.Tag.Service<RateLimitStore>): RateLimiterService["look"] =>
  ({ id, rateLimits }) =>
    Effect.flatMap(store.charge([{ keyId: id, limits: rateLimits, cost: 0 }]), ([outcome]) =>
      outcome === undefined || isUncharged(outcome)
        ? Effect.failSync(chargeFailed("RateLimitStore.charge", false, "gave no answer"))
        : Effect.succeed(outcome)
    )

/** Each charge is committed in the store before the call returns; those that come at once share a transaction. */
export const makeExactLimits = Effect.map(RateLimitStore, (store): RateLimiterService => {
  const { add, ask } = makeBatches<RateLimitCharge, Charged, StoreError>({
    ...chargeBounds,
    run: store.charge,
    keyOf: ({ keyId }) => keyId,
    onFull: chargeFailed("RateLimitStore.charge", true, "too many charges are waiting"),
    // Never a pass: a store that answers nothing did not admit.
    onMissing: chargeFailed("RateLimitStore.charge", false, "gave no answer")
  })
  return {
    isExact: true,
    chargeNow: () => null,
    charge: ({ id, rateLimits }, cost) => ask({ keyId: id, limits: rateLimits, cost }),
    begin: ({ id, rateLimits }, cost, caller, land) => add({ keyId: id, limits: rateLimits, cost }, caller, land),
    look: makeLook(store),
    reset: store.reset
  }
})
