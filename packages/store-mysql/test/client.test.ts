import { StoreError, type StorePorts, TenantStore } from "@apikeys/core"
import { insertOrganization, makeOrganization } from "@apikeys/core/testing"
import { MysqlClient } from "@effect/sql-mysql2"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"
import { addressOf } from "./address.js"

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)

  const run = <A, E>(
    effect: Effect.Effect<A, E, StorePorts | MysqlClient.MysqlClient>,
    config: Partial<MysqlClient.MysqlClientConfig> = {}
  ) => {
    const client = MysqlClient.layer({ ...addressOf(url), poolConfig: { timezone: "Z" }, ...config })
    const store = MysqlStore.layerFromClient({ timeout: "20 seconds" })
    return Effect.provide(effect, Layer.provideMerge(store, client))
  }

  describe(`a store on ${title} over a client of the application`, () => {
    it.live("does not join its open transaction: what was reported as done stays", () =>
      Effect.gen(function* () {
        const client = yield* MysqlClient.MysqlClient
        const tenants = yield* TenantStore
        const organization = makeOrganization()
        yield* client`create table orders (id int primary key)`
        const rolledBack = client.withTransaction(
          Effect.gen(function* () {
            yield* client`insert into orders values (1)`
            yield* tenants.insertOrganization(organization)
            assert.strictEqual((yield* tenants.findOrganization(organization.id))._tag, "Some")
            return yield* Effect.fail("changed my mind" as const)
          })
        )
        assert.strictEqual(yield* Effect.flip(rolledBack), "changed my mind")
        assert.deepStrictEqual(yield* client`select id from orders`, [])
        assert.strictEqual((yield* tenants.findOrganization(organization.id))._tag, "Some")
      }).pipe(run)
    )

    it.live("is left alone by whatever the client does to names", () =>
      Effect.gen(function* () {
        const { id, name } = yield* insertOrganization()
        const tenants = yield* TenantStore
        const found = yield* tenants.findOrganization(id)
        assert.strictEqual(found._tag === "Some" ? found.value.name : "", name)
      }).pipe((effect) =>
        run(effect, {
          transformQueryNames: (column) => `query_${column}`,
          transformResultNames: (column) => `result_${column}`
        })
      )
    )

    it.live("leaves the isolation of the client's sessions as it was", () =>
      Effect.gen(function* () {
        const client = yield* MysqlClient.MysqlClient
        yield* insertOrganization()
        const [row] = yield* client<{ readonly isolation: string }>`select @@transaction_isolation as isolation`
        assert.deepStrictEqual(row, { isolation: "REPEATABLE-READ" })
      }).pipe((effect) => run(effect, { maxConnections: 1 }))
    )

    const refused: ReadonlyArray<readonly [string, Partial<MysqlClient.MysqlClientConfig>]> = [
      ["of another time zone", { poolConfig: { timezone: "+05:30" } }],
      ["made of a url, which makes it forget the time zone", { url: Redacted.make(`${url}?timezone=%2B05:30`) }],
      ["that gives dates as text", { poolConfig: { timezone: "Z", dateStrings: true } }]
    ]
    for (const [what, config] of refused) {
      it.live(`refuses one ${what}, at start`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(run(Effect.void, config))
          assert.instanceOf(error, StoreError)
          assert.deepInclude(error, { operation: "open", retryable: false })
          assert.match(error.reason, /^mysql: times do not come back as they were given/)
        })
      )
    }

    for (const charset of ["latin1", "utf8"]) {
      it.live(`refuses one of another charset, at start: ${charset}`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(run(Effect.void, { poolConfig: { timezone: "Z", charset } }))
          assert.instanceOf(error, StoreError)
          assert.deepInclude(error, { operation: "open", retryable: false })
          assert.match(error.reason, /^mysql: text does not come back as it was given/)
        })
      )
    }

    it.live("refuses one whose statements do not commit, at start", () =>
      Effect.gen(function* () {
        const client = MysqlClient.layer({
          ...addressOf(url),
          poolConfig: { timezone: "Z" },
          maxConnections: 1
        })
        const open = Effect.gen(function* () {
          const sql = yield* MysqlClient.MysqlClient
          yield* sql`set autocommit = 0`
          return yield* Effect.flip(Effect.provide(Effect.void, MysqlStore.layerFromClient()))
        })
        const error = yield* Effect.provide(open, client)
        assert.match(String(error.message), /autocommit is off/)
      })
    )
  })
}
