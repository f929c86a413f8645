import { KeyStore, RateLimitStore, UsageStore } from "@apikeys/core"
import { insertKey, insertOrganization, instant, keyFilter, makeRateLimit } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { selectedServices, testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"

// In Berlin an hour of 30 March 2025 is missing, and one of 26 October comes twice. The server's zone is another still.
process.env["TZ"] = "Europe/Berlin"

const times = [
  Date.UTC(2025, 2, 30, 1, 30, 0, 7),
  Date.UTC(2025, 2, 30, 2, 30),
  Date.UTC(2025, 9, 26, 0, 30),
  Date.UTC(2025, 9, 26, 1, 30, 59, 999),
  Date.UTC(1970, 0, 1, 0, 0, 0, 1),
  Date.UTC(2199, 11, 31, 23, 59, 59, 999)
]

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)
  const store = MysqlStore.layer({ url, timeout: "20 seconds" })
  const query = (statement: string) => Effect.promise(() => withConnection(url, (run) => run(statement)))

  describe(`times on ${title}`, () => {
    it("are tried in a process and on a server whose zones are not UTC", async () => {
      assert.strictEqual(new Date(Date.UTC(2025, 6, 1)).getHours(), 2)
      const [row] = await withConnection(url, (run) => run("select @@session.time_zone as zone"))
      assert.deepStrictEqual(row, { zone: "+05:30" })
    })

    it.live("are stored in UTC, come back to the millisecond, and order as they are", () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        const { id: organizationId } = yield* insertOrganization()
        for (const createdAt of times) {
          const expiresAt = instant(createdAt + 60_000)
          const { key } = yield* insertKey(organizationId, { createdAt: instant(createdAt), expiresAt })
          assert.deepStrictEqual(yield* keys.find(key.id), Option.some(key))
          const [row] = yield* query(
            `select cast(created_at as char) as t from apikeys_keys where id = x'${key.id.replaceAll("-", "")}'`
          )
          assert.strictEqual(row?.["t"], new Date(createdAt).toISOString().slice(0, -1).replace("T", " "))
          const due = (now: number) =>
            keys.list(keyFilter({ organizationId, status: "expired", now: instant(now) }), { after: null, take: 1000 })
          const expiredAt = yield* due(expiresAt.epochMillis)
          const before = yield* due(expiresAt.epochMillis - 1)
          assert.isTrue(expiredAt.some(({ id }) => id === key.id))
          assert.isFalse(before.some(({ id }) => id === key.id))
        }
        const listed = yield* keys.list(keyFilter({ organizationId }), { after: null, take: 1000 })
        assert.deepStrictEqual(
          listed.map(({ createdAt }) => createdAt.epochMillis),
          [...times].sort((a, b) => b - a)
        )
      }).pipe(Effect.provide(store))
    )

    it.live("of charges and of batches are those of the epoch, whatever the session's zone", () =>
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
      }).pipe(Effect.provide(store))
    )
  })
}
