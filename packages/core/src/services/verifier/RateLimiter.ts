import { Context, Effect, Layer } from "effect"
import type { StoreError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import type { RateLimit } from "../../domain/RateLimit.js"
import type { RateLimitOutcome } from "../../domain/RateLimitStatus.js"
import type { RateLimitStore } from "../../ports/RateLimitStore.js"
import { Settings } from "../Settings.js"
import { makeExactLimits } from "./ExactLimits.js"
import { makeLeasedLimits } from "./LeasedLimits.js"
import { makeMemoryLimits } from "./MemoryLimits.js"

/** A key whose limits are charged. */
export interface LimitedKey {
  readonly id: KeyId
  /** At least one. */
  readonly rateLimits: ReadonlyArray<RateLimit>
}

/** When a call is made: since the epoch, and by a clock that nobody sets. */
export interface Times {
  readonly millis: number
  readonly monotonic: number
}

/** Charges rate limits, in one of the modes. */
export interface RateLimiterService {
  /** Where the charges of this mode are committed before a call returns, so that a use can be committed with them. */
  readonly isExact: boolean
  /** Charges at once; `null` where the store has to be asked, and nothing was charged. */
  readonly chargeNow: (key: LimitedKey, cost: number, times: Times) => RateLimitOutcome | null
  readonly charge: (key: LimitedKey, cost: number) => Effect.Effect<RateLimitOutcome, StoreError>
  readonly reset: (id: KeyId) => Effect.Effect<void, StoreError>
}

export class RateLimiter extends Context.Tag("@apikeys/core/RateLimiter")<RateLimiter, RateLimiterService>() {}

const make = Effect.flatMap(Settings, ({ rateLimits }) => {
  switch (rateLimits) {
    case "exact":
      return makeExactLimits
    case "leased":
      return makeLeasedLimits
    case "memory":
      return makeMemoryLimits
  }
})

export const layer: Layer.Layer<RateLimiter, never, Settings | RateLimitStore> = Layer.scoped(RateLimiter, make)
