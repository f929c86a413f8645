import { StoreError, type StorePorts, TenantStore } from "@apikeys/core"
import { insertOrganization, makeOrganization } from "@apikeys/core/testing"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"

const { name, url } = await testDatabase("pg")

const run = <A, E>(
  effect: Effect.Effect<A, E, StorePorts | PgClient.PgClient>,
  config: Partial<PgClient.PgClientConfig> = {},
  options: PgStore.PgStoreClientOptions = {}
) => {
  const client = PgClient.layer({ url: Redacted.make(url), ...config })
  return Effect.provide(
    effect,
    Layer.provideMerge(PgStore.layerFromClient({ timeout: "20 seconds", ...options }), client)
  )
}

const query = (statement: string) => Effect.promise(() => withConnection(url, (on) => on(statement)))

describe("a store over a client of the application", () => {
  it.live("does not join its open transaction: what was reported as done stays", () =>
    Effect.gen(function* () {
      const client = yield* PgClient.PgClient
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

  it.live("leaves the settings of the client's sessions as they were", () =>
    Effect.gen(function* () {
      const client = yield* PgClient.PgClient
      const settings = client`select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement,
        current_setting('idle_in_transaction_session_timeout') as idle`
      yield* insertOrganization()
      assert.deepStrictEqual(yield* settings, [{ lock: "0", statement: "0", idle: "0" }])
    }).pipe((effect) => run(effect, { maxConnections: 1 }))
  )

  it.live("asks for read committed by itself, whatever the default of the database", () =>
    Effect.gen(function* () {
      yield* query(`alter database ${name} set default_transaction_isolation = 'serializable'`)
      yield* Effect.ensuring(
        run(insertOrganization()),
        query(`alter database ${name} reset default_transaction_isolation`)
      )
    })
  )

  it.live("refuses one whose times do not come back as they were given, at start", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        run(Effect.void, { types: { getTypeParser: () => (text: string) => `at ${text}` } })
      )
      assert.instanceOf(error, StoreError)
      assert.deepInclude(error, { operation: "open", retryable: false })
      assert.match(error.reason, /^pg: /)
    })
  )

  it.live("takes dates as the application's parsers give them, as text too", () =>
    Effect.gen(function* () {
      const { id } = yield* insertOrganization({ createdAt: 7 })
      const tenants = yield* TenantStore
      const found = yield* tenants.findOrganization(id)
      assert.strictEqual(found._tag === "Some" ? found.value.createdAt.epochMillis : 0, 7)
    }).pipe((effect) => run(effect, { types: { getTypeParser: () => (text: string) => text } }))
  )
})

describe("the option `schema`", () => {
  it.live("makes the schema, and keeps one store apart from another", () =>
    Effect.gen(function* () {
      const { id } = yield* run(insertOrganization(), {}, { schema: "billing" })
      const find = Effect.flatMap(TenantStore, (tenants) => tenants.findOrganization(id))
      assert.strictEqual((yield* run(find, {}, { schema: "billing" }))._tag, "Some")
      assert.strictEqual((yield* run(find, {}, { schema: "other" }))._tag, "None")
      assert.strictEqual((yield* run(find))._tag, "None")
      const tables = yield* query("select 1 from pg_tables where schemaname = 'billing' and tablename like 'apikeys%'")
      assert.isAbove(tables.length, 8)
    })
  )

  it.scopedLive("needs no right to create one that is there", () =>
    Effect.gen(function* () {
      yield* query("create role tenant login password 'a password'; create schema own authorization tenant")
      yield* Effect.addFinalizer(() => query("drop schema own cascade; drop role tenant"))
      const own = new URL(url)
      own.username = "tenant"
      own.password = encodeURIComponent("a password")
      yield* Effect.provide(
        insertOrganization(),
        PgStore.layer({ url: own.href, schema: "own", timeout: "20 seconds" })
      )
      const refused = yield* Effect.flip(PgStore.migrate({ url: own.href, schema: "forbidden", timeout: "20 seconds" }))
      assert.deepInclude(refused, { operation: "migrate", retryable: false, reason: "pg 42501" })
    })
  )
})
