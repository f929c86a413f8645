import { KeyStore, RateLimitStore, UsageStore } from "@apikeys/core"
import { insertKey, insertOrganization, instant, makeRateLimit } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"

// In Berlin an hour of 30 March 2025 is missing, and one of 26 October comes twice. The server's zone is another still.
process.env["TZ"] = "Europe/Berlin"

const times = [
  Date.UTC(2025, 2, 30, 1, 30, 0, 7),
  Date.UTC(2025, 9, 26, 0, 30),
  Date.UTC(2025, 9, 26, 1, 30, 59, 999),
  Date.UTC(1970, 0, 1, 0, 0, 0, 1),
  Date.UTC(2199, 11, 31, 23, 59, 59, 999)
]

const { name, url } = await testDatabase("pg")
const query = (statement: string) => Effect.promise(() => withConnection(url, (run) => run(statement)))

describe("times", () => {
  it("are tried in a process and on a server whose zones are not UTC", async () => {
    assert.strictEqual(new Date(Date.UTC(2025, 6, 1)).getHours(), 2)
    const [row] = await withConnection(url, (run) => run("select extract(timezone from now())::int as offset"))
    assert.deepStrictEqual(row, { offset: 19_800 })
  })

  for (const [dateStyle, zone, bytes] of [
    ["ISO, MDY", "Europe/Berlin", "hex"],
    ["ISO, DMY", "Asia/Kathmandu", "escape"],
    ["ISO, YMD", "UTC", "hex"]
  ]) {
    it.live(`come back to the millisecond in sessions of ${dateStyle} and ${zone}, bytes as ${bytes}`, () =>
      Effect.gen(function* () {
        yield* query(`alter database ${name} set datestyle = '${dateStyle}'`)
        yield* query(`alter database ${name} set timezone = '${zone}'`)
        yield* query(`alter database ${name} set bytea_output = '${bytes}'`)
        yield* Effect.gen(function* () {
          const keys = yield* KeyStore
          const { id: organizationId } = yield* insertOrganization()
          for (const createdAt of times) {
            const { digest, key } = yield* insertKey(organizationId, { createdAt: instant(createdAt) })
            assert.deepStrictEqual(yield* keys.find(key.id), Option.some(key))
            const [found] = yield* keys.findByDigests([digest.bytes])
            assert.deepStrictEqual(
              Option.map(found ?? Option.none(), (each) => each.key),
              Option.some(key)
            )
            const [row] = yield* query(
              `select (extract(epoch from created_at) * 1000)::bigint as t from apikeys_keys where id = '${key.id}'`
            )
            assert.strictEqual(Number(row?.["t"]), createdAt)
          }
        }).pipe(Effect.provide(PgStore.layer({ url, timeout: "20 seconds" })))
      })
    )
  }

  it.live("of charges and of batches are those of the epoch", () =>
    Effect.gen(function* () {
      const { key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id))
      const limits = yield* RateLimitStore
      const usage = yield* UsageStore
      const began = Date.now()
      yield* limits.charge([{ keyId: key.id, limits: [makeRateLimit()], cost: 1 }])
      yield* usage.record({ writer: "w", number: 1, uses: [{ keyId: key.id, count: 1, lastUsedAt: instant(1) }] })
      const ended = Date.now()
      const rows = yield* query(
        "select charged_at as at from apikeys_rate_limits union all select recorded_at from apikeys_usage_batches"
      )
      assert.strictEqual(rows.length, 2)
      for (const { at } of rows) {
        assert.isAtLeast(Number(at), began - 1000)
        assert.isAtMost(Number(at), ended + 1000)
      }
    }).pipe(Effect.provide(PgStore.layer({ url, timeout: "20 seconds" })))
  )
})
