import { Context, Effect, Layer } from "effect"
import type { RateLimitStore } from "../../ports/RateLimitStore.js"
import { Settings } from "../Settings.js"
import { makeExactLimits } from "./ExactLimits.js"
import { makeLeasedLimits } from "./LeasedLimits.js"
import { makeMemoryLimits } from "./MemoryLimits.js"
import type { RateLimiterService } from "./RateLimiterService.js"

/** Charges rate limits, in the mode that is set. */
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
