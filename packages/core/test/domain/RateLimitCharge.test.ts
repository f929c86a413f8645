import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { charge, type RateLimitState } from "../../src/domain/RateLimitCharge.js"
import { admitted, after, algorithms, chargesOf, limitOf, scenarios } from "./rateLimits.js"

const minute = 60_000
const month = 31 * 86_400_000

describe("every algorithm", () => {
  it.each(algorithms)("%s: admits a fresh limit's requests at once, and not one more", (algorithm) => {
    const limit = limitOf(algorithm, 3)
    expect(
      admitted(limit, [
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1]
      ])
    ).toEqual([true, true, true, false])
    expect(
      admitted(limit, [
        [0, 2],
        [0, 2],
        [0, 1]
      ])
    ).toEqual([true, false, true])
  })

  it.each(algorithms)("%s: a cost of 0 looks without taking, and succeeds even when nothing is left", (algorithm) => {
    const limit = limitOf(algorithm, 2)
    expect(
      admitted(limit, [
        [0, 0],
        [0, 2],
        [0, 0],
        [0, 1],
        [0, 0]
      ])
    ).toEqual([true, true, true, false, true])
    const exhausted = after(limit, 0, 2)
    const [decision, state] = charge(limit, exhausted, 0, 0)
    expect(decision).toMatchObject({ allowed: true, remaining: 0, retryAfterMillis: 0 })
    expect(state).toEqual(exhausted)
  })

  it.each(algorithms)("%s: waiting does not help what costs more than the limit ever holds", (algorithm) => {
    const limit = limitOf(algorithm, 10)
    for (const cost of [11, Number.MAX_SAFE_INTEGER]) {
      expect(charge(limit, null, 0, cost)[0]).toMatchObject({ allowed: false, remaining: 10, retryAfterMillis: null })
    }
    expect(charge(limit, null, 0, 10)[0].allowed).toBe(true)
  })

  it.each(algorithms)("%s: refused calls cost nothing, however many there are", (algorithm) => {
    FastCheck.assert(
      FastCheck.property(scenarios(algorithm, { mayChange: false }), (scenario) => {
        let withRefused: RateLimitState | null = null
        let withoutRefused: RateLimitState | null = null
        let now = 0
        for (const call of chargesOf(scenario)) {
          now = Math.max(now, call.now)
          const [decision, kept]: ReturnType<typeof charge> = charge(call.limit, withRefused, now, call.cost)
          withRefused = kept
          if (decision.allowed) withoutRefused = charge(call.limit, withoutRefused, now, call.cost)[1]
          for (const later of [0, 1, 999, minute, month]) {
            const one = charge(call.limit, withRefused, now + later, 0)[0]
            expect(charge(call.limit, withoutRefused, now + later, 0)[0]).toEqual(one)
          }
        }
      }),
      { numRuns: 100 }
    )
  })

  it.each(algorithms)("%s: time that runs back a little counts as the newest seen, and is waited for", (algorithm) => {
    const limit = limitOf(algorithm, 2)
    const exhausted = after(limit, 10 * minute, 2)
    const [decision, state] = charge(limit, exhausted, 10 * minute, 1)
    for (const back of [0, 1, 999, 5000]) {
      const late = {
        resetAfterMillis: decision.resetAfterMillis + back,
        retryAfterMillis: (decision.retryAfterMillis as number) + back
      }
      expect(charge(limit, exhausted, 10 * minute - back, 1)).toEqual([{ ...decision, ...late }, state])
    }
  })

  it.each(algorithms)("%s: time that runs back further begins again with what is used", (algorithm) => {
    const limit = limitOf(algorithm, 4)
    const used = after(limit, 10 * minute, 3)
    for (const now of [10 * minute - 5001, 9 * minute, 1, 0, -5]) {
      const [decision, state] = charge(limit, used, now, 2)
      expect(decision).toMatchObject({ allowed: false, remaining: 1 })
      expect(state).toEqual({ ...used, at: now })
    }
  })

  it.each(algorithms)("%s: hands out a state of its own and leaves the given one alone", (algorithm) => {
    const limit = Object.freeze(limitOf(algorithm, 5))
    const state = Object.freeze(after(limit, 1000, 2))
    const [decision, next] = charge(limit, state, 31_000, 2)
    expect(decision.allowed).toBe(true)
    expect(next).not.toEqual(state)
    expect(charge(limit, state, 31_000, 2)).toEqual([decision, next])
  })

  it.each(algorithms)("%s: admits steady traffic under the limit for ever", (algorithm) => {
    const rates = FastCheck.integer({ min: 1, max: 50 })
    FastCheck.assert(
      FastCheck.property(rates, FastCheck.nat(minute), (rate, start) => {
        // The estimate of a sliding window may count a call of the window before for whole: one call of slack.
        const limit = limitOf(algorithm, algorithm === "sliding-window" ? rate + 1 : rate)
        const interval = Math.ceil(minute / rate)
        const calls = Array.from({ length: 5 * rate + 10 }, (_, i) => [start + i * interval, 1] as const)
        expect(admitted(limit, calls)).not.toContain(false)
      })
    )
  })
})

describe("the largest figures", () => {
  const requests = 10 ** 15 - 1
  const seconds = 1_000_000_000

  it.each(algorithms)("%s: count to the last request", (algorithm) => {
    const limit = limitOf(algorithm, requests, seconds)
    const [first, state] = charge(limit, null, 0, requests - 1)
    expect(first).toMatchObject({ allowed: true, remaining: 1 })
    const [last, full] = charge(limit, state, 0, 1)
    expect(last).toMatchObject({ allowed: true, remaining: 0 })
    expect(charge(limit, full, 0, 1)[0].allowed).toBe(false)
  })

  it("come back one by one: the wait for all but one of 10^15 - 1 is exact", () => {
    const limit = limitOf("token-bucket", requests, seconds)
    const empty = after(limit, 0, requests)
    const wait = charge(limit, empty, 0, requests - 1)[0].retryAfterMillis
    expect(wait).toBe(Number((BigInt(requests - 1) * 10n ** 12n + BigInt(requests) - 1n) / BigInt(requests)))
    expect(charge(limit, empty, 1, 0)[0].remaining).toBe(999)
    expect(charge(limit, empty, 999_999_999_999, 0)[0].remaining).toBe(
      Number((999_999_999_999n * BigInt(requests)) / 10n ** 12n)
    )
  })

  it("slide exactly: the share in sight is rounded up, so that never one too many is admitted", () => {
    const limit = limitOf("sliding-window", requests, seconds)
    const full = after(limit, 0, requests)
    const later = 10 ** 12 + 333_333_333_333
    const share = (BigInt(requests) * 666_666_666_667n + 10n ** 12n - 1n) / 10n ** 12n
    const remaining = requests - Number(share)
    expect(charge(limit, full, later, 0)[0].remaining).toBe(remaining)
    expect(charge(limit, full, later, remaining)[0].allowed).toBe(true)
    expect(charge(limit, full, later, remaining + 1)[0].allowed).toBe(false)
  })
})
