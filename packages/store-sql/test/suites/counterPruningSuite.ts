import { type KeyId, type RateLimit, RateLimitAlgorithm } from "@apikeys/core"
import { insertKey, insertOrganization, limitsOfGoodKeys } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { pruneEvery } from "../../src/CounterPruning.js"
import type { SqlBackend } from "./SqlBackend.js"

const limitOf = (limit: Partial<RateLimit>): RateLimit => ({
  name: "default",
  algorithm: "fixed-window",
  requests: 10,
  window: "minute",
  burst: null,
  ...limit
})

const longAgo = Date.UTC(2020, 0)

/** What becomes of the counters of limits that nobody charges any more. */
export const counterPruningSuite = ({
  emptyDatabase,
  layer,
  literal,
  query,
  script,
  title
}: Pick<SqlBackend, "emptyDatabase" | "layer" | "literal" | "query" | "script" | "title">): void => {
  describe(`counters of ${title}`, () => {
    it.scopedLive(
      "go once they decide nothing any more, and stay while they do",
      () =>
        Effect.gen(function* () {
          const address = yield* emptyDatabase
          yield* Effect.gen(function* () {
            const { charge } = yield* limitsOfGoodKeys
            const organization = yield* insertOrganization()
            const charged = (limit: RateLimit) =>
              Effect.gen(function* () {
                const { key } = yield* insertKey(organization.id)
                yield* charge([{ keyId: key.id, limits: [limit], cost: 1 }])
                return key.id
              })
            const spent = [
              yield* charged(limitOf({ algorithm: "fixed-window" })),
              yield* charged(limitOf({ algorithm: "sliding-window", window: "month" })),
              yield* charged(limitOf({ algorithm: "token-bucket", burst: 20 }))
            ]
            const unspent = yield* charged(limitOf({ window: 1_000_000_000 }))
            const recent = yield* charged(limitOf({ window: "second" }))
            const fresh = yield* charged(limitOf({ window: "second" }))
            const old = [...spent, unspent].map((keyId) => literal.id(keyId)).join(", ")
            yield* Effect.promise(() =>
              script(address, `update apikeys_rate_limits set charged_at = ${longAgo} where key_id in (${old});`)
            )
            const [yesterday, id] = [Date.now() - 23 * 3_600_000, literal.id(recent)]
            yield* Effect.promise(() =>
              script(address, `update apikeys_rate_limits set charged_at = ${yesterday} where key_id = ${id};`)
            )
            const isKept = (keyId: KeyId) =>
              Effect.map(
                Effect.promise(() =>
                  query(address, `select name from apikeys_rate_limits where key_id = ${literal.id(keyId)}`)
                ),
                ({ length }) => length === 1
              )
            for (const keyId of spent) assert.isTrue(yield* isKept(keyId))
            const busy = [{ keyId: fresh, limits: [limitOf({ window: "second" })], cost: 1 }]
            yield* Effect.repeatN(charge(busy), pruneEvery)
            for (const keyId of spent) assert.isFalse(yield* isKept(keyId))
            for (const keyId of [unspent, fresh, recent]) assert.isTrue(yield* isKept(keyId))
            const [outcome] = yield* charge([{ keyId: unspent, limits: [limitOf({ window: 1_000_000_000 })], cost: 0 }])
            assert.strictEqual(outcome?.limits[0]?.remaining, 9)
          }).pipe(Effect.provide(layer(address, { timeout: "20 seconds" })))
        }),
      60_000
    )

    it.scopedLive(
      "are of the present again once they were written by a server whose clock was 400 days ahead",
      () =>
        Effect.gen(function* () {
          const address = yield* emptyDatabase
          yield* Effect.gen(function* () {
            const { charge } = yield* limitsOfGoodKeys
            const organization = yield* insertOrganization()
            const limits = RateLimitAlgorithm.literals.map((algorithm) =>
              limitOf({ name: algorithm, algorithm, burst: algorithm === "token-bucket" ? 10 : null })
            )
            for (const cost of [0, 1]) {
              const { key } = yield* insertKey(organization.id)
              const [keyId, ahead] = [literal.id(key.id), Date.now() + 400 * 86_400_000]
              yield* charge([{ keyId: key.id, limits, cost: 10 }])
              yield* Effect.promise(() =>
                script(address, `update apikeys_rate_limits set charged_at = ${ahead} where key_id = ${keyId};`)
              )
              // Be it charged or only looked at.
              yield* charge([{ keyId: key.id, limits, cost }])
              const rows = yield* Effect.promise(() =>
                query(address, `select charged_at from apikeys_rate_limits where key_id = ${keyId}`)
              )
              assert.strictEqual(rows.length, 3)
              for (const { charged_at } of rows) assert.isBelow(Number(charged_at), Date.now() + 3_600_000)
              const [refused] = yield* charge([{ keyId: key.id, limits, cost: 10 }])
              assert.strictEqual(refused?.allowed, false)
              assert.isAtMost(refused?.retryAfterSeconds ?? Number.POSITIVE_INFINITY, 121)
            }
          }).pipe(Effect.provide(layer(address, { timeout: "20 seconds" })))
        }),
      60_000
    )
  })
}
