import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { charge, isAhead, type RateLimitState } from "../../src/domain/RateLimitCharge.js"
import { admitted, after, chargesOf, limitOf, scenarios } from "./rateLimits.js"

const minute = 60_000

describe("a fixed window", () => {
  const limit = limitOf("fixed-window", 3)

  it("never admits more than its requests in any window of the calendar, but for one more where the clock steps back", () => {
    FastCheck.assert(
      FastCheck.property(scenarios("fixed-window", { mayChange: false }), (scenario) => {
        const perWindow = new Map<string, number>()
        let state: RateLimitState | null = null
        let allowance = 1
        for (const { limit, now, cost } of chargesOf({ ...scenario, limit: { ...scenario.limit, window: "month" } })) {
          if (state !== null && isAhead(state, now)) allowance++
          const [decision, kept]: ReturnType<typeof charge> = charge(limit, state, now, cost)
          state = kept
          if (!decision.allowed) continue
          const window = new Date(kept.at).toISOString().slice(0, 7)
          perWindow.set(window, (perWindow.get(window) ?? 0) + cost)
          expect(perWindow.get(window)).toBeLessThanOrEqual(limit.requests * allowance)
        }
      })
    )
  })

  it("starts afresh at the bound, not a window after the last call", () => {
    expect(
      admitted(limit, [
        [59_999, 3],
        [59_999, 1],
        [60_000, 3],
        [60_000, 1],
        [119_999, 1],
        [120_000, 1]
      ])
    ).toEqual([true, false, true, false, false, true])
  })

  it("tells the time to its end, used or not", () => {
    expect(charge(limit, null, 15_000, 0)[0].resetAfterMillis).toBe(45_000)
    expect(charge(limit, null, 60_000, 1)[0].resetAfterMillis).toBe(60_000)
    expect(charge(limit, after(limit, 0, 3), 59_999, 1)[0]).toEqual({
      allowed: false,
      remaining: 0,
      resetAfterMillis: 1,
      retryAfterMillis: 1
    })
  })

  it("counts what was admitted against new figures", () => {
    const state = after(limitOf("fixed-window", 10), 0, 7)
    expect(charge(limitOf("fixed-window", 8), state, 1, 1)[0]).toMatchObject({ allowed: true, remaining: 0 })
    expect(charge(limitOf("fixed-window", 5), state, 1, 1)[0]).toMatchObject({ allowed: false, remaining: 0 })
    expect(charge(limitOf("fixed-window", 5), state, 1, 1)[0].retryAfterMillis).toBe(59_999)
    expect(charge(limitOf("fixed-window", 20), state, 1, 13)[0].allowed).toBe(true)
  })
})

describe("a sliding window", () => {
  const limit = limitOf("sliding-window", 10)

  it("weighs the window before by the share of it still in sight", () => {
    const full = after(limit, 59_999, 10)
    expect(charge(limit, full, 60_000, 1)[0].remaining).toBe(0)
    expect(charge(limit, full, 65_999, 1)[0].allowed).toBe(false)
    expect(charge(limit, full, 66_000, 1)[0].allowed).toBe(true)
    expect(charge(limit, full, 90_000, 0)[0].remaining).toBe(5)
    expect(charge(limit, full, 119_999, 0)[0].remaining).toBe(9)
    expect(charge(limit, full, 120_000, 0)[0].remaining).toBe(10)
  })

  it("allows no burst at the boundary", () => {
    expect(
      admitted(limit, [
        [59_999, 10],
        [60_000, 1],
        [60_001, 1],
        [61_000, 1]
      ])
    ).toEqual([true, false, false, false])
  })

  it("remembers no window but the one before", () => {
    expect(charge(limit, after(limit, 59_999, 10), 120_000, 10)[0].allowed).toBe(true)
    expect(charge(limit, after(limit, 59_999, 10), 60 * minute, 10)[0].allowed).toBe(true)
  })

  it("weighs by months of their own lengths, over the turn of the year", () => {
    const monthly = limitOf("sliding-window", 28, "month")
    const full = after(monthly, Date.parse("2023-12-31T23:59:59Z"), 28)
    expect(charge(monthly, full, Date.parse("2024-01-16T12:00:00Z"), 0)[0].remaining).toBe(14)
    const january = after(monthly, Date.parse("2023-01-31T23:59:59Z"), 28)
    expect(charge(monthly, january, Date.parse("2023-02-02T00:00:00Z"), 0)[0].remaining).toBe(1)
    expect(charge(monthly, january, Date.parse("2023-03-01T00:00:00Z"), 28)[0].allowed).toBe(true)
  })
})

describe("a token bucket", () => {
  it("gives tokens back evenly, to the millisecond", () => {
    const limit = limitOf("token-bucket", 3)
    const empty = after(limit, 0, 3)
    expect(charge(limit, empty, 19_999, 1)[0].allowed).toBe(false)
    expect(charge(limit, empty, 20_000, 1)[0].allowed).toBe(true)
    expect(charge(limit, empty, 59_999, 0)[0].remaining).toBe(2)
    expect(charge(limit, empty, 60_000, 0)[0].remaining).toBe(3)
  })

  it("keeps fractions of a token: seven a minute are seven a minute, however often it is asked", () => {
    const limit = limitOf("token-bucket", 7, "minute", 1)
    let state: RateLimitState | null = null
    let taken = 0
    for (let now = 0; now <= 10 * minute; now += 13) {
      const [decision, kept]: ReturnType<typeof charge> = charge(limit, state, now, 1)
      state = kept
      if (decision.allowed) taken++
    }
    expect(taken).toBe(70)
  })

  it("holds its burst at most, however long it rests", () => {
    const limit = limitOf("token-bucket", 100, "minute", 5)
    expect(
      admitted(limit, [
        [0, 5],
        [0, 1],
        [60 * minute, 5],
        [60 * minute, 1]
      ])
    ).toEqual([true, false, true, false])
  })

  it("admits in any stretch of time no more than its burst and what came back meanwhile", () => {
    FastCheck.assert(
      FastCheck.property(scenarios("token-bucket", { mayChange: false }), (scenario) => {
        FastCheck.pre(typeof scenario.limit.window === "number")
        const unit = BigInt(scenario.limit.window) * 1000n
        const taken: Array<readonly [at: bigint, cost: bigint]> = []
        let state: RateLimitState | null = null
        // By a clock that steps back, yet the time of which is what has passed on it since.
        let setBack = 0
        for (const { limit, now, cost } of chargesOf(scenario)) {
          if (state !== null && isAhead(state, now)) setBack += state.at - now
          const [decision, kept]: ReturnType<typeof charge> = charge(limit, state, now, cost)
          state = kept
          if (decision.allowed) taken.push([BigInt(kept.at + setBack), BigInt(cost)])
        }
        for (const [i, [from]] of taken.entries()) {
          let sum = 0n
          for (const [at, cost] of taken.slice(i)) {
            sum += cost * unit
            const burst = BigInt(scenario.limit.burst as number) * unit
            expect(sum <= burst + (at - from) * BigInt(scenario.limit.requests)).toBe(true)
          }
        }
      })
    )
  })

  it("tells 0 until the next change where it is full", () => {
    const limit = limitOf("token-bucket", 3)
    expect(charge(limit, null, 1000, 0)[0].resetAfterMillis).toBe(0)
    expect(charge(limit, after(limit, 0, 3), minute, 0)[0].resetAfterMillis).toBe(0)
    expect(charge(limitOf("sliding-window", 3), null, 1000, 0)[0].resetAfterMillis).toBe(0)
  })

  it("is empty at worst when its burst shrinks, and keeps what is missing when it grows", () => {
    const taken = after(limitOf("token-bucket", 60, "minute", 5000), 0, 4000)
    expect(charge(limitOf("token-bucket", 60, "minute", 10), taken, 0, 1)[0]).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMillis: 1000
    })
    expect(charge(limitOf("token-bucket", 60, "minute", 6000), taken, 0, 0)[0].remaining).toBe(2000)
  })
})
