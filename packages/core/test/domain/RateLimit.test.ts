import { describe, expect, it } from "vitest"
import {
  Cost,
  capacityOf,
  maxRequests,
  type RateLimit,
  RateLimitsInput,
  sharesState
} from "../../src/domain/RateLimit.js"
import { accepted, isAccepted, refusals } from "./decoding.js"

const one = (fields: object) => [{ requests: 10, window: "minute", ...fields }]
const limit = (fields: object) => accepted(RateLimitsInput, one(fields))[0]

describe("a rate limit from a caller", () => {
  it("needs requests and a window alone; the rest has defaults", () => {
    expect(accepted(RateLimitsInput, [{ requests: 10, window: "minute" }])).toEqual([
      { name: "default", algorithm: "fixed-window", requests: 10, window: "minute", burst: null }
    ])
    expect(refusals(RateLimitsInput, [{}])).toEqual(["0.requests is required", "0.window is required"])
  })

  it("has a window of one form alone", () => {
    expect(limit({ window: 3600 })?.window).toBe("hour")
  })

  it("has one of three algorithms", () => {
    for (const algorithm of ["fixed-window", "sliding-window", "token-bucket"]) {
      expect(limit({ algorithm })?.algorithm).toBe(algorithm)
    }
    for (const algorithm of ["leaky-bucket", "", null, 1]) {
      expect(refusals(RateLimitsInput, one({ algorithm }))).toEqual([
        "0.algorithm is not fixed-window, sliding-window or token-bucket"
      ])
    }
  })

  it("admits a whole number of requests from 1 to 10^15 - 1", () => {
    for (const requests of [1, 1000, maxRequests]) expect(limit({ requests })?.requests).toBe(requests)
    expect(maxRequests).toBe(10 ** 15 - 1)
    for (const requests of [0, -1, 1.5, 10 ** 15, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusals(RateLimitsInput, one({ requests }))).toEqual([
        "0.requests is not a whole number from 1 to 10^15 - 1"
      ])
    }
    for (const requests of ["10", null, 10n]) {
      expect(refusals(RateLimitsInput, one({ requests }))).toEqual(["0.requests is not a number"])
    }
  })

  it("has a name of 1 to 64 of A-Z a-z 0-9 _ . -", () => {
    for (const name of ["a", "per-minute", "A.b_C-9", "n".repeat(64)]) expect(limit({ name })?.name).toBe(name)
    for (const name of ["", "a b", "a:b", "é", "a\n", "n".repeat(65)]) {
      expect(refusals(RateLimitsInput, one({ name }))).toEqual(["0.name is not 1 to 64 of A-Z a-z 0-9 _ . -"])
    }
  })

  it("holds as many as it refills where a bucket has no burst of its own", () => {
    expect(limit({ algorithm: "token-bucket" })?.burst).toBe(10)
    expect(limit({ algorithm: "token-bucket", burst: null })?.burst).toBe(10)
    expect(limit({ algorithm: "token-bucket", burst: 3 })?.burst).toBe(3)
    expect(limit({ algorithm: "token-bucket", burst: 300 })?.burst).toBe(300)
    expect(limit({ burst: null })?.burst).toBeNull()
  })

  it("has no burst but for a bucket, and a whole one", () => {
    for (const algorithm of ["fixed-window", "sliding-window"]) {
      expect(refusals(RateLimitsInput, one({ algorithm, burst: 10 }))).toEqual([
        "0 has a burst, which a token-bucket alone takes"
      ])
    }
    for (const burst of [0, 1.5, 10 ** 15]) {
      expect(refusals(RateLimitsInput, one({ algorithm: "token-bucket", burst }))).toEqual([
        "0.burst is not a whole number from 1 to 10^15 - 1"
      ])
    }
  })

  it("has no other field", () => {
    expect(refusals(RateLimitsInput, one({ limit: 10 }))).toEqual(["0.limit is not a known field"])
  })
})

describe("the rate limits of a key", () => {
  const named = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `n${i}`, requests: 1, window: 1 }))

  it("are at most 16, or none", () => {
    expect(accepted(RateLimitsInput, [])).toEqual([])
    expect(accepted(RateLimitsInput, named(16))).toHaveLength(16)
    expect(refusals(RateLimitsInput, named(17))).toEqual(["has over 16 limits"])
    expect(refusals(RateLimitsInput, {})).toEqual(["is not a list of rate limits"])
    expect(refusals(RateLimitsInput, [7])).toEqual(["0 is not an object"])
  })

  it("have distinct names, the default one included", () => {
    expect(isAccepted(RateLimitsInput, [...one({ name: "a" }), ...one({ name: "A" }), ...one({})])).toBe(true)
    expect(refusals(RateLimitsInput, [...one({}), ...one({ window: "day" })])).toEqual(["names two limits alike"])
    expect(refusals(RateLimitsInput, [...one({}), ...one({ name: "default" })])).toEqual(["names two limits alike"])
  })
})

describe("a cost", () => {
  it("is a whole number from 0 to 2^53 - 1", () => {
    for (const cost of [0, 1, 10 ** 15, Number.MAX_SAFE_INTEGER]) expect(accepted(Cost, cost)).toBe(cost)
    for (const cost of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusals(Cost, cost)).toEqual(["is not a whole number from 0 to 2^53 - 1"])
    }
    for (const cost of ["1", null, 1n]) expect(refusals(Cost, cost)).toEqual(["is not a number"])
  })
})

describe("the state of a limit", () => {
  const before: RateLimit = { name: "a", algorithm: "fixed-window", requests: 10, window: "minute", burst: null }

  it("survives other figures, not another name, algorithm or window", () => {
    const other: RateLimit = { ...before, requests: 5 }
    expect(sharesState(before, other)).toBe(true)
    expect(sharesState(before, { ...before, name: "b" })).toBe(false)
    expect(sharesState(before, { ...before, algorithm: "sliding-window" })).toBe(false)
    expect(sharesState(before, { ...before, window: "hour" })).toBe(false)
  })

  it("can take at once what the limit holds", () => {
    expect(capacityOf(before)).toBe(10)
    for (const burst of [1, 10, 100]) expect(capacityOf({ ...before, algorithm: "token-bucket", burst })).toBe(burst)
  })
})
