import { type KeyId, KeyStore, UsageStore } from "@apikeys/core"
import {
  fixtureTime,
  insertKey,
  insertOrganization,
  instant,
  limitsOfGoodKeys,
  makeRateLimit,
  makeSettableClock
} from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { SqliteStore } from "../src/index.js"
import { openRaw, tempFile } from "./tempDatabase.js"

const openStore = Effect.gen(function* () {
  const filename = yield* tempFile
  const store = SqliteStore.layer({ filename, timeout: "20 seconds" })
  const { key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id)).pipe(Effect.provide(store))
  return { keyId: key.id, raw: yield* openRaw(filename), store }
})

const record = (keyId: KeyId, writer: string, number: number) =>
  Effect.flatMap(UsageStore, (usage) =>
    usage.record({ writer, number, uses: [{ keyId, count: 1, lastUsedAt: instant(fixtureTime) }] })
  )

const useCount = (keyId: KeyId) =>
  Effect.flatMap(KeyStore, (keys) => Effect.map(keys.find(keyId), (key) => Option.getOrThrow(key).useCount))

describe("batches of uses", () => {
  it.scopedLive("count once, in whatever order they are committed", () =>
    Effect.gen(function* () {
      const { keyId, store } = yield* openStore
      yield* Effect.gen(function* () {
        for (const number of [3, 1, 2, 3, 1, 5, 4, 5]) yield* record(keyId, "writer", number)
        assert.strictEqual(yield* useCount(keyId), 5)
      }).pipe(Effect.provide(store))
    })
  )

  it.scopedLive("are forgotten once a thousand came after them, and count as recorded then", () =>
    Effect.gen(function* () {
      const { keyId, raw, store } = yield* openStore
      yield* Effect.gen(function* () {
        for (let number = 1; number <= 1280; number++) yield* record(keyId, "writer", number)
        for (const number of [1, 200, 256, 257, 1280]) yield* record(keyId, "writer", number)
        assert.strictEqual(yield* useCount(keyId), 1280)
      }).pipe(Effect.provide(store))
      assert.strictEqual(raw.prepare("select count(*) from apikeys_usage_batches").pluck().get(), 1024)
    })
  )

  it.scopedLive("of writers that are silent for a week are forgotten, of others not", () =>
    Effect.gen(function* () {
      const { keyId, raw, store } = yield* openStore
      const day = 86_400_000
      const insert = raw.prepare("insert into apikeys_usage_batches (writer, batch, recorded_at) values (?, 1, ?)")
      insert.run("silent", Date.now() - 8 * day)
      insert.run("paused", Date.now() - 6 * day)
      yield* record(keyId, "writer", 64).pipe(Effect.provide(store))
      const writers = raw.prepare("select writer from apikeys_usage_batches order by writer").pluck().all()
      assert.deepStrictEqual(writers, ["paused", "writer"])
    })
  )
})

describe("the time of a charge", () => {
  it.scopedLive("is the database's, whatever the process believes", () =>
    Effect.gen(function* () {
      const { keyId, raw, store } = yield* openStore
      const { clock } = makeSettableClock(Date.UTC(2100))
      const before = Date.now()
      yield* Effect.flatMap(limitsOfGoodKeys, (limits) =>
        limits.charge([{ keyId, limits: [makeRateLimit()], cost: 1 }])
      ).pipe(Effect.withClock(clock), Effect.provide(store))
      const chargedAt = raw.prepare("select charged_at from apikeys_rate_limits").pluck().get() as number
      assert.isAtLeast(chargedAt, before)
      assert.isAtMost(chargedAt, Date.now())
    })
  )

  it.scopedLive("needs no write lock where nothing is taken", () =>
    Effect.gen(function* () {
      const { keyId, raw, store } = yield* openStore
      // A start needs it, to prove that a change can be recorded.
      const [outcome] = yield* Effect.flatMap(limitsOfGoodKeys, (limits) => {
        raw.exec("begin immediate")
        return limits.charge([{ keyId, limits: [makeRateLimit()], cost: 0 }])
      }).pipe(Effect.provide(store))
      assert.deepInclude(outcome?.limits[0], { remaining: 10 })
    })
  )
})
