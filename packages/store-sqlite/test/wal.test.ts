import { statSync } from "node:fs"
import { KeyStore, RateLimitStore, UsageStore } from "@apikeys/core"
import { insertKey, insertOrganization, makeRateLimit } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqliteStore } from "../src/index.js"
import { openRaw, tempFile } from "./tempDatabase.js"

/** What SQLite brings back into the file by itself, at each thousandth page, and some. */
const bound = 6 * 1024 * 1024

describe("the write-ahead log", () => {
  it.scopedLive(
    "stays bounded while several write and read without a pause",
    () =>
      Effect.gen(function* () {
        const filename = yield* tempFile
        yield* Effect.gen(function* () {
          const keys = yield* KeyStore
          const limits = yield* RateLimitStore
          const usage = yield* UsageStore
          const { id } = yield* insertOrganization()
          const inserted = yield* Effect.forEach(Array.from({ length: 20 }), () => insertKey(id))
          // Of a day, so that no window ends while it runs.
          const limit = makeRateLimit({ requests: 1_000_000, window: "day" })
          let largest = 0
          const call = (i: number) =>
            Effect.gen(function* () {
              const { digest, key } = inserted[i % inserted.length]!
              yield* keys.findByDigests([digest.bytes])
              yield* limits.charge([{ keyId: key.id, limits: [limit], cost: 1 }])
              yield* usage.record({
                writer: key.id,
                number: i + 1,
                uses: [{ keyId: key.id, count: 1, lastUsedAt: key.createdAt }]
              })
              largest = Math.max(largest, statSync(`${filename}-wal`).size)
            })
          yield* Effect.forEach(
            Array.from({ length: 1500 }, (_, i) => i),
            call,
            { concurrency: 8, discard: true }
          )
          const raw = yield* openRaw(filename)
          const pages = raw.prepare("select sum(used) from apikeys_rate_limits").pluck().get()
          assert.strictEqual(pages, 1500)
          assert.isBelow(largest, bound)
          // A log that is never brought back would be larger by far: each transaction writes three pages at least.
          assert.isAbove(2 * 1500 * 3 * 4096, 4 * bound)
        }).pipe(Effect.provide(SqliteStore.layer({ filename, timeout: "20 seconds" })))
      }),
    60_000
  )
})
