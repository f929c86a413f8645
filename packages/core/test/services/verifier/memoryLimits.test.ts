import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { KeyId } from "../../../src/domain/Ids.js"
import { makeMemoryLimits } from "../../../src/services/verifier/MemoryLimits.js"
import type { LimitedKey } from "../../../src/services/verifier/RateLimiterService.js"
import { makeRateLimit } from "../../../src/testing/fixtures.js"

const noon = Date.UTC(2026, 4, 4, 12)
const day = 86_400_000
const limited = (name: string): LimitedKey => ({ id: name as KeyId, rateLimits: [makeRateLimit({ requests: 1 })] })

describe("limits that are held in memory", () => {
  it.effect("are not forgotten for a clock that is wrong, and are once their time has passed", () =>
    Effect.gen(function* () {
      const { chargeNow } = yield* makeMemoryLimits
      const one = limited("one")
      const admits = (millis: number, monotonic: number) => chargeNow(one, 1, { millis, monotonic })?.allowed
      const others = (millis: number, monotonic: number, count: number) => {
        for (let i = 0; i < count; i++) chargeNow(limited(crypto.randomUUID()), 1, { millis, monotonic })
      }
      assert.isTrue(admits(noon, 0))
      // Of so many keys, some are looked at whenever another one comes.
      others(noon + day, 1000, 13_000)
      assert.isFalse(admits(noon + 1000, 1000))
      assert.isTrue(admits(noon + 60_000, 60_000))
      assert.isFalse(admits(noon + 60_000, 60_000))
      others(noon + day, 600_000, 13_000)
      assert.isTrue(admits(noon + 60_001, 600_000))
    })
  )

  it.effect("refuse for a window at most once a clock that was far ahead is right again", () =>
    Effect.gen(function* () {
      const { chargeNow } = yield* makeMemoryLimits
      const one = limited("one")
      const charge = (millis: number) => chargeNow(one, 1, { millis, monotonic: 0 })
      assert.isTrue(charge(noon + 400 * day)?.allowed)
      assert.deepInclude(charge(noon + 1000), { allowed: false, retryAfterSeconds: 59 })
      assert.deepInclude(charge(noon + 59_000), { allowed: false, retryAfterSeconds: 1 })
      assert.isTrue(charge(noon + 60_000)?.allowed)
    })
  )
})
