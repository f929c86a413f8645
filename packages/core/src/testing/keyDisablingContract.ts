import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { assertAllSucceeded, assertSame, atOnce, type ContractTest, successes } from "./contract.js"
import { absent, fixtureTime, insertKey, insertOrganization, instant } from "./fixtures.js"

const at = instant(fixtureTime + 1000)
const later = instant(fixtureTime + 2000)

/** How keys are disabled for a while. */
export const keyDisablingContract = (test: ContractTest): void => {
  test("keeps the first time and reason, until the key is enabled again", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id, { expiresAt: instant(fixtureTime + 1) })
      const disabled = { ...key, disabledAt: at, disabledReason: "unpaid 😱", updatedAt: at }
      assertSame(Option.getOrThrow(yield* keys.disable(key.id, { at, reason: "unpaid 😱" })), disabled)
      assertSame(Option.getOrThrow(yield* keys.disable(key.id, { at: later, reason: null })), disabled)
      const [found] = yield* keys.findByDigests([digest.bytes])
      assertSame(Option.getOrThrow(found ?? Option.none()).key, disabled)

      const enabled = { ...key, updatedAt: later }
      assertSame(Option.getOrThrow(yield* keys.enable(key.id, later)), enabled)
      assertSame(Option.getOrThrow(yield* keys.enable(key.id, instant(fixtureTime + 3000))), enabled)
      const again = yield* keys.disable(key.id, { at: later, reason: null })
      assertSame(Option.getOrThrow(again), { ...key, disabledAt: later, updatedAt: later })
    }))

  test("leaves a revoked key revoked", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      yield* keys.disable(key.id, { at, reason: "unpaid" })
      yield* keys.revoke(key.id, { at: later, reason: "gone" })
      const enabled = Option.getOrThrow(yield* keys.enable(key.id, later))
      assertSame(enabled, { ...key, revokedAt: later, revokedReason: "gone", updatedAt: later })
    }))

  test("keeps the same time and reason for all of 20 concurrent disablings", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const results = yield* atOnce(
        Array.from({ length: 20 }, (_, i) =>
          keys.disable(key.id, { at: instant(fixtureTime + 1 + i), reason: `reason ${i}` })
        )
      )
      assertAllSucceeded(results)
      const kept = Option.getOrThrow(yield* keys.find(key.id))
      const first = kept.disabledAt === null ? Number.NaN : kept.disabledAt.epochMillis - fixtureTime - 1
      assert.strictEqual(kept.disabledReason, `reason ${first}`)
      for (const disabled of successes(results)) assertSame(Option.getOrThrow(disabled), kept)
    }))

  test("keeps a time with its reason, or neither, while it is disabled, enabled and revoked at once", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const rounds = Array.from({ length: 10 }, (_, i) => [
        keys.disable(key.id, { at, reason: `reason ${i}` }),
        keys.enable(key.id, at),
        keys.revoke(key.id, { at, reason: "gone" })
      ])
      const results = yield* atOnce(rounds.flat())
      assertAllSucceeded(results)
      for (const seen of successes(results)) {
        const { disabledAt, disabledReason } = Option.getOrThrow(seen)
        assert.strictEqual(disabledAt === null, disabledReason === null)
      }
      assert.strictEqual(Option.getOrThrow(yield* keys.find(key.id)).revokedReason, "gone")
    }))

  test("returns none where there is no key", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      assert.isTrue(Option.isNone(yield* keys.disable(absent.key(), { at, reason: null })))
      assert.isTrue(Option.isNone(yield* keys.enable(absent.key(), at)))
    }))
}
