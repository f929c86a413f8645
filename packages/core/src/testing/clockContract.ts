import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { type RateLimit, RateLimitAlgorithm } from "../domain/RateLimit.js"
import { KeyStore } from "../ports/KeyStore.js"
import { RateLimitStore } from "../ports/RateLimitStore.js"
import { UsageStore } from "../ports/UsageStore.js"
import type { ContractTest } from "./contract.js"
import { fixtureTime, instant, makeRateLimit } from "./fixtures.js"
import { charge, insertKeyId, remaining } from "./rateLimitFixtures.js"
import type { SettableClock } from "./settableClock.js"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const noon = Math.floor(fixtureTime / day) * day + 12 * hour

/** More charges than come between two times that a store looks for what it may forget. */
const many = 1100

/** What a store does while its own clock is wrong, and once it is right again. */
export const clockContract = (test: ContractTest, { set }: SettableClock): void => {
  for (const algorithm of RateLimitAlgorithm.literals) {
    const limitOf = (window: RateLimit["window"]) =>
      makeRateLimit({ algorithm, requests: 50, window, burst: algorithm === "token-bucket" ? 50 : null })
    limitCases(test, set, algorithm, limitOf)
    pruningCases(test, set, algorithm, limitOf)
  }
  useCases(test, set)
}

type LimitOf = (window: RateLimit["window"]) => RateLimit

const limitCases = (test: ContractTest, set: SettableClock["set"], algorithm: string, limitOf: LimitOf): void => {
  for (const [name, ahead] of [
    ["11 seconds", 11_000],
    ["an hour", hour],
    ["400 days", 400 * day]
  ] as const) {
    test(`refuses for a window at most after a clock was ${name} ahead, as long as it says: ${algorithm}`, () =>
      Effect.gen(function* () {
        const [keyId, looked] = [yield* insertKeyId, yield* insertKeyId]
        const limits = [limitOf("minute")]
        set(noon + ahead)
        for (const id of [keyId, looked]) yield* charge(id, limits, 50)
        set(noon)
        const refused = yield* charge(keyId, limits)
        assert.strictEqual(refused.allowed, false)
        const wait = refused.retryAfterSeconds ?? 0
        assert.isAtLeast(wait, 1)
        assert.isAtMost(wait, 62)
        set(noon + wait * 1000)
        assert.isTrue((yield* charge(keyId, limits)).allowed)
        // Whoever only looks sees the truth as well, and it stays as it was told.
        set(noon)
        assert.deepStrictEqual(yield* remaining(looked, limits), [0])
        set(noon + 2 * minute)
        assert.deepStrictEqual(yield* remaining(looked, limits), [50])
      }))
  }

  test(`takes a little back for no time, and says how long that lasts: ${algorithm}`, () =>
    Effect.gen(function* () {
      const keyId = yield* insertKeyId
      const limits = [limitOf("second")]
      set(noon)
      yield* charge(keyId, limits, 50)
      set(noon - 4000)
      const { allowed, retryAfterSeconds } = yield* charge(keyId, limits, 50)
      assert.strictEqual(allowed, false)
      assert.isAtLeast(retryAfterSeconds ?? 0, 5)
      set(noon - 4000 + (retryAfterSeconds ?? 0) * 1000)
      assert.isTrue((yield* charge(keyId, limits, 50)).allowed)
    }))
}

const pruningCases = (test: ContractTest, set: SettableClock["set"], algorithm: string, limitOf: LimitOf): void => {
  test(`forgets nothing that a clock which is wrong by less than a day could still need: ${algorithm}`, () =>
    Effect.gen(function* () {
      const store = yield* RateLimitStore
      const [keyId, busy] = [yield* insertKeyId, yield* insertKeyId]
      const limits = (["minute", "hour", "day"] as const).map((window) => ({ ...limitOf(window), name: window }))
      set(noon)
      yield* charge(keyId, limits, 50)
      set(noon + day - minute)
      yield* Effect.repeatN(store.charge([{ keyId: busy, limits: [limitOf("second")], cost: 1 }]), many)
      set(noon)
      assert.deepStrictEqual(yield* remaining(keyId, limits), [0, 0, 0])
    }))
}

const useCases = (test: ContractTest, set: SettableClock["set"]): void => {
  const lastUse = (keyId: Effect.Effect.Success<typeof insertKeyId>) =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      return Option.getOrThrow(yield* keys.find(keyId)).lastUsedAt?.epochMillis
    })

  test("shows no use that lies in its future, whatever the clock of a process says, or its own said before", () =>
    Effect.gen(function* () {
      const usage = yield* UsageStore
      const store = yield* RateLimitStore
      const [one, other] = [yield* insertKeyId, yield* insertKeyId]
      const use = (millis: number) =>
        usage.record({
          writer: crypto.randomUUID(),
          number: 1,
          uses: [one, other].map((keyId) => ({ keyId, count: 1, lastUsedAt: instant(millis) }))
        })
      const admit = (millis: number) => store.admit([{ keyId: one, limits: [], cost: 1, usedAt: instant(millis) }])
      for (const step of [use, admit]) {
        set(noon + hour)
        yield* step(noon + 2 * hour)
        assert.strictEqual(yield* lastUse(one), noon + hour)
        set(noon)
        yield* step(noon - 5)
        assert.strictEqual(yield* lastUse(one), noon)
        set(noon + 1000)
        yield* step(noon + 400)
        assert.strictEqual(yield* lastUse(one), noon + 400)
      }
      assert.strictEqual(yield* lastUse(other), noon + 400)
    }))
}
