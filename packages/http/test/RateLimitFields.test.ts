import type { RateLimitStatus } from "@apikeys/core"
import { FastCheck as fc } from "effect"
import { parseList } from "structured-headers"
import { assert, describe, it } from "vitest"
import { rateLimitFields } from "../src/index.js"

const limit = (fields: Partial<RateLimitStatus> = {}): RateLimitStatus => ({
  name: "default",
  algorithm: "fixed-window",
  requests: 100,
  window: "minute",
  burst: null,
  windowSeconds: 60,
  remaining: 12,
  resetAfterSeconds: 44,
  retryAfterSeconds: 0,
  ...fields
})

const maxRequests = 999_999_999_999_999

const anyLimit = fc
  .record({
    requests: fc.integer({ min: 1, max: maxRequests }),
    burst: fc.option(fc.integer({ min: 1, max: maxRequests })),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    windowSeconds: fc.integer({ min: 1, max: 1_000_000_000 }),
    resetAfterSeconds: fc.nat(1_000_000_000),
    retryAfterSeconds: fc.option(fc.oneof(fc.nat(1_000_000_000), fc.constant(1e21)))
  })
  .map(({ share, ...fields }) => limit({ ...fields, remaining: Math.floor(share * (fields.burst ?? fields.requests)) }))

const anyLimits = fc
  .array(anyLimit, { minLength: 1, maxLength: 16 })
  .map((limits) => limits.map((one, i) => ({ ...one, name: `limit-${i}` })))

const fieldsOf = (...args: Parameters<typeof rateLimitFields>) => Object.fromEntries(rateLimitFields(...args))

describe("rate-limit fields", () => {
  it("are those of the draft's own example", () => {
    const limits = [
      limit({ name: "burst" }),
      limit({ name: "daily", requests: 5000, windowSeconds: 86_400, remaining: 4000 })
    ]
    assert.deepStrictEqual(rateLimitFields("draft-11", limits), [
      ["RateLimit-Policy", '"burst";q=100;w=60, "daily";q=5000;w=86400'],
      ["RateLimit", '"burst";r=12;t=44']
    ])
  })

  it("of any limits are integers of RFC 9651, and tell the smallest share", () => {
    fc.assert(
      fc.property(anyLimits, (limits) => {
        const fields = fieldsOf("draft-11", limits)
        const [[name, parameters] = []] = parseList(fields["RateLimit"] as string)
        const told = limits.find((one) => one.name === name) as RateLimitStatus
        assert.strictEqual(parameters?.get("r"), told.remaining)
        assert.strictEqual(parameters?.get("t"), told.resetAfterSeconds)
        const share = (one: RateLimitStatus) => one.remaining / (one.burst ?? one.requests)
        assert.isTrue(limits.every((one) => share(one) >= share(told)))
        assert.deepStrictEqual(
          parseList(fields["RateLimit-Policy"] as string).map(([policy, parameters]) => [policy, parameters.get("q")]),
          limits.map((one) => [one.name, one.burst ?? one.requests])
        )
      })
    )
  })

  it("of a refusal tell the longest wait, and nothing left", () => {
    fc.assert(
      fc.property(anyLimits, (limits) => {
        const waits = limits.map(({ retryAfterSeconds }) => retryAfterSeconds ?? Number.POSITIVE_INFINITY)
        const fields = fieldsOf("draft-11", limits, true)
        if (waits.every((wait) => wait === 0)) return assert.deepStrictEqual(fields, {})
        const [[, parameters] = []] = parseList(fields["RateLimit"] as string)
        const longest = Math.max(...waits)
        assert.strictEqual(parameters?.get("r"), 0)
        assert.strictEqual(
          parameters?.get("t"),
          longest === Number.POSITIVE_INFINITY ? undefined : Math.min(longest, maxRequests)
        )
      })
    )
  })

  it("tell of equal shares the one that takes longest", () => {
    const limits = [
      limit({ name: "a", remaining: 0, resetAfterSeconds: 1 }),
      limit({ name: "b", remaining: 0, resetAfterSeconds: 2 })
    ]
    assert.strictEqual(fieldsOf("draft-11", limits)["RateLimit"], '"b";r=0;t=2')
    assert.strictEqual(fieldsOf("draft-11", limits.reverse())["RateLimit"], '"b";r=0;t=2')
  })

  it("of a bucket that fills within a second have a window of 1", () => {
    const bucket = limit({ algorithm: "token-bucket", requests: 1000, burst: 1, windowSeconds: 1, remaining: 1 })
    assert.strictEqual(fieldsOf("draft-11", [bucket])["RateLimit-Policy"], '"default";q=1;w=1')
  })

  it("in older dialects tell the reset, where waiting does not help", () => {
    const never = [limit({ retryAfterSeconds: null })]
    assert.strictEqual(fieldsOf("draft-7", never, true)["RateLimit"], "limit=100, remaining=0, reset=44")
    assert.strictEqual(fieldsOf("legacy", never, true)["X-RateLimit-Reset"], "44")
    assert.strictEqual(fieldsOf("legacy-epoch", never, true, 999_001)["X-RateLimit-Reset"], "1044")
  })

  it("of no limits are none", () => {
    for (const dialect of ["draft-11", "draft-7", "legacy", "legacy-epoch", "none"] as const) {
      assert.deepStrictEqual(rateLimitFields(dialect, []), [])
      assert.deepStrictEqual(rateLimitFields(dialect, [], true), [])
    }
  })
})
