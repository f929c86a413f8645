import { type Database, guarded } from "@apikeys/store-sql"
import * as Reactivity from "@effect/experimental/Reactivity"
import type { Connection } from "@effect/sql/SqlConnection"
import { MysqlClient } from "@effect/sql-mysql2"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import type { MysqlStore } from "../src/index.js"
import { databaseOf, openDatabase } from "../src/MysqlDatabase.js"
import { makeSettings } from "../src/MysqlSettings.js"
import { addressOf } from "./address.js"
import { startForPlainUser } from "./plainUser.js"

const open = (options: MysqlStore.MysqlStoreOptions) => Effect.flatMap(makeSettings(options), openDatabase)

const idOf = (database: Database) =>
  Effect.map(
    database.read((connection) => connection.execute("select connection_id() as id", [], undefined)),
    ([row]) => Number((row as { readonly id: unknown }).id)
  )

const write = (database: Database, statement: string) =>
  database.transact("change", (connection) => connection.executeUnprepared(statement, [], undefined))

/** What a session is left with. */
const variables = `select @@session.lock_wait_timeout, @@session.innodb_lock_wait_timeout, @@session.wait_timeout,
@@session.sql_safe_updates, @@session.transaction_isolation`

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)

  describe(`a connection to ${title}`, () => {
    it.scopedLive(
      "is given up when the server turns out to be read only, and is none that is lent again",
      () =>
        Effect.gen(function* () {
          const { run, url } = yield* startForPlainUser(service)
          yield* run("create table things (id int primary key)")
          const database = yield* open({ url, timeout: 5000, pool: { max: 1 } })
          yield* write(database, "insert into things values (1)")
          const before = yield* idOf(database)
          assert.strictEqual(yield* idOf(database), before)
          yield* run("set global read_only = on")
          yield* Effect.flip(write(database, "insert into things values (2)"))
          const after = yield* idOf(database)
          assert.notStrictEqual(after, before)
          yield* run("set global read_only = off")
          yield* write(database, "insert into things values (3)")
          assert.strictEqual(yield* idOf(database), after)
        }),
      120_000
    )

    it.scopedLive("is replaced after `maxLifetime`, and never in the middle of its work", () =>
      Effect.gen(function* () {
        const database = yield* open({ url, timeout: 10_000, pool: { max: 1, maxLifetime: "400 millis" } })
        const before = yield* idOf(database)
        const [first, last] = yield* database.transact("change", (connection) => {
          const id = Effect.map(connection.executeUnprepared("select connection_id() as id", [], undefined), ([row]) =>
            Number(row.id)
          )
          return Effect.all([id, Effect.zipRight(Effect.sleep("700 millis"), id)])
        })
        assert.strictEqual(first, last)
        const after = yield* idOf(database)
        assert.notStrictEqual(after, first)
        // Idle for longer than it may live.
        yield* Effect.sleep("700 millis")
        assert.notInclude([before, first, after], yield* idOf(database))
      })
    )

    it.scopedLive("that the server ended in the middle of a transaction fails what comes next, and is replaced", () =>
      Effect.gen(function* () {
        const database = yield* open({ url, timeout: 1000, pool: { max: 1 } })
        const before = yield* idOf(database)
        const look = (connection: Connection) => connection.executeUnprepared("select 1", [], undefined)
        const standing = database.transact("change", (connection) =>
          Effect.zipRight(look(connection), Effect.zipRight(Effect.sleep("4 seconds"), look(connection)))
        )
        assert.deepInclude(yield* Effect.flip(guarded(database, 10_000, "stand", standing)), {
          _tag: "StoreError",
          retryable: true
        })
        assert.notStrictEqual(yield* idOf(database), before)
      })
    )

    it.scopedLive("of the application has the settings that it had, after what was done and what was not", () =>
      Effect.gen(function* () {
        const client = yield* MysqlClient.make({
          ...addressOf(url),
          maxConnections: 1,
          poolConfig: { timezone: "Z", maxIdle: 1 }
        })
        const values = Effect.map(client.unsafe(variables), ([row]) => row)
        yield* client`set session lock_wait_timeout = 77, innodb_lock_wait_timeout = 33, wait_timeout = 555`
        yield* client`set session sql_safe_updates = 1`
        const before = yield* values
        const database = databaseOf(client, { timeout: 2000, migrate: true, time: "store" })
        const within = database.transact("change", (connection) =>
          Effect.map(connection.executeUnprepared(variables, [], undefined), ([row]) => row)
        )
        assert.notDeepEqual(yield* within, before)
        assert.deepStrictEqual(yield* values, before)
        yield* Effect.flip(write(database, "insert into missing values (1)"))
        assert.deepStrictEqual(yield* values, before)
        yield* database.schema.migrateAlone(() => Effect.void)
        assert.deepStrictEqual(yield* values, before)
        yield* Effect.flip(database.schema.migrateAlone(() => Effect.fail("changed my mind" as const)))
        assert.deepStrictEqual(yield* values, before)
      }).pipe(Effect.provide(Reactivity.layer))
    )
  })
}
