import { assert, it } from "@effect/vitest"
import { Effect, Metric, TestClock } from "effect"
import { KeyVerifier } from "../../../src/index.js"
import { makeChannel, remembering } from "../changes.js"
import { issueKey, live } from "../live.js"

/** What the metrics of this process say. */
const snapshot = Effect.map(Metric.snapshot, (pairs) => {
  const values = new Map<string, number>()
  for (const { metricKey, metricState } of pairs) {
    const tags = metricKey.tags.map(({ value }) => value).join(" ")
    const state = metricState as { readonly count?: number; readonly value?: number }
    values.set(`${metricKey.name} ${tags}`.trim(), state.count ?? state.value ?? Number.NaN)
  }
  return values
})

it.effect("metrics tell what verifications did, and never a key", () => {
  const channel = makeChannel()
  return Effect.gen(function* () {
    const before = yield* snapshot
    const verifier = yield* KeyVerifier
    const { plaintext } = yield* issueKey()
    yield* channel.confirm()
    for (let n = 0; n < 10; n++) yield* verifier.validateKey(plaintext)
    yield* Effect.flip(verifier.validateKey(plaintext, { requiredScopes: ["write"] }))
    yield* Effect.flip(verifier.validateKey("nonsense"))
    yield* TestClock.adjust("1 second")
    const after = yield* snapshot
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
    assert.strictEqual(grown("apikeys_verifications passed"), 10)
    assert.strictEqual(grown("apikeys_verifications InsufficientScopeError"), 1)
    assert.strictEqual(grown("apikeys_verifications InvalidKeyError"), 1)
    assert.strictEqual(grown("apikeys_key_lookups hit"), 10)
    assert.strictEqual(grown("apikeys_key_lookups miss"), 1)
    assert.strictEqual(grown("apikeys_verification_milliseconds"), 1)
    assert.strictEqual(after.get("apikeys_changes_age_milliseconds"), 1000)
    assert.isTrue(after.has("apikeys_usage_waiting"))
  }).pipe(Effect.provide(remembering(channel)))
})

it.effect("metrics tell how often the store was asked: once for calls that come together", () =>
  Effect.gen(function* () {
    const verifier = yield* KeyVerifier
    const { plaintext } = yield* issueKey({ rateLimits: [{ requests: 100, window: "day" }] })
    const before = yield* snapshot
    const calls = Array.from({ length: 20 }, () => verifier.validateKey(plaintext))
    yield* Effect.all(calls, { concurrency: "unbounded" })
    const after = yield* snapshot
    const grown = (operation: string) => {
      const name = `apikeys_store_calls ${operation}`
      return (after.get(name) ?? 0) - (before.get(name) ?? 0)
    }
    assert.strictEqual(grown("KeyStore.findByDigests"), 1)
    assert.strictEqual(grown("RateLimitStore.admit"), 1)
    assert.strictEqual(grown("UsageStore.record"), 0)
  }).pipe(Effect.provide(live({ cache: false, usage: "durable" })))
)
