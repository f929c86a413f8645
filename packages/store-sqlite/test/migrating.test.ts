import { StoreError, StoreHealth, TenantStore } from "@apikeys/core"
import { insertOrganization } from "@apikeys/core/testing"
import { SchemaVersion } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import type Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { SqliteStore } from "../src/index.js"
import { run, startProcess, startProcesses } from "./processes/process.js"
import { openRaw, openTempDatabase, tempFile } from "./tempDatabase.js"

const newest = SqliteStore.migrations.length

const ping = Effect.flatMap(StoreHealth, (health) => health.ping)

const schemaOf = (raw: Sqlite.Database) =>
  raw.prepare("select type, name, tbl_name, sql from sqlite_master order by type, name").all()

const recordsOf = (raw: Sqlite.Database) =>
  raw.prepare("select id, name, compatible_with from apikeys_migrations order by id").all()

/** A migration that this version knows nothing of. */
const migrateBeyond = (filename: string, compatibleWith: number) =>
  Effect.scoped(
    Effect.map(openRaw(filename), (raw) =>
      raw
        .prepare("insert into apikeys_migrations (id, name, compatible_with, applied_at) values (?, 'future', ?, 0)")
        .run(newest + 1, compatibleWith)
    )
  )

describe("migrate: true", () => {
  it.scopedLive("makes the schema that the plain SQL makes", () =>
    Effect.gen(function* () {
      const migrated = yield* tempFile
      yield* ping.pipe(Effect.provide(SqliteStore.layer({ filename: migrated })))
      const byHand = yield* Effect.flatMap(tempFile, openRaw)
      byHand.exec(SqliteStore.schemaSql)
      const raw = yield* openRaw(migrated)
      assert.deepStrictEqual(schemaOf(byHand), schemaOf(raw))
      assert.deepStrictEqual(recordsOf(byHand), recordsOf(raw))
      assert.strictEqual(recordsOf(raw).length, newest)
    })
  )

  it.scopedLive("leaves what is there alone", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const { id } = yield* insertOrganization().pipe(Effect.provide(SqliteStore.layer({ filename })))
      const found = yield* Effect.flatMap(TenantStore, (tenants) => tenants.findOrganization(id)).pipe(
        Effect.provide(SqliteStore.layer({ filename }))
      )
      assert.strictEqual(found._tag, "Some")
    })
  )

  it.scopedLive("shares a file with tables of the application", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const raw = yield* openRaw(filename)
      raw.exec("create table users (id integer primary key); insert into users values (7)")
      yield* ping.pipe(Effect.provide(SqliteStore.layer({ filename })))
      assert.deepStrictEqual(raw.prepare("select id from users").all(), [{ id: 7 }])
      const names = raw.prepare("select name from sqlite_master where name not like 'sqlite_%'").pluck().all()
      assert.deepStrictEqual(
        names.filter((name) => !String(name).startsWith("apikeys_")),
        ["users"]
      )
    })
  )

  it.scopedLive("undoes a migration that fails, whole", () =>
    Effect.gen(function* () {
      const database = yield* openTempDatabase()
      const statements = ["create table apikeys_half (id integer)", "create table apikeys_half (id integer)"]
      const migrations = [{ id: 1, name: "broken", compatibleWith: 1, statements }]
      const broken = { ...database, schema: { ...database.schema, migrations } }
      const error = yield* Effect.flip(SchemaVersion.migrate(broken))
      assert.deepInclude(error, { operation: "migrate", retryable: false, reason: "sqlite SQLITE_ERROR" })
      const raw = yield* openRaw(database.filename)
      assert.deepStrictEqual(schemaOf(raw), [])
      assert.deepStrictEqual(yield* SchemaVersion.migrate(database), { before: 0, after: newest })
    })
  )
})

describe("migrate: false", () => {
  it.scopedLive("refuses an empty file, says what to do, and changes nothing", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const store = SqliteStore.layer({ filename, migrate: false })
      const error = yield* Effect.flip(Effect.provide(ping, store))
      assert.instanceOf(error, StoreError)
      const reason = `schema is at 0, this version needs ${newest}: run migrate`
      assert.deepInclude(error, { operation: "open", retryable: false, reason })
      assert.deepStrictEqual(schemaOf(yield* openRaw(filename)), [])
      assert.deepStrictEqual(yield* SqliteStore.migrate({ filename }), { before: 0, after: newest })
      yield* Effect.provide(ping, store)
    })
  )
})

describe("migrate by itself", () => {
  it.scopedLive("says from where to where, as a promise too", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const migrate = Effect.promise(() => SqliteStore.migratePromise({ filename }))
      assert.deepStrictEqual(yield* migrate, { before: 0, after: newest })
      assert.deepStrictEqual(yield* migrate, { before: newest, after: newest })
    })
  )

  it.live("rejects with the very error", () =>
    Effect.gen(function* () {
      const rejection = yield* Effect.promise(() =>
        SqliteStore.migratePromise({ filename: "/missing/folder/a.db" }).catch((error: unknown) => error)
      )
      assert.instanceOf(rejection, StoreError)
    })
  )
})

describe("a schema that is newer than this version", () => {
  for (const migrate of [true, false]) {
    it.scopedLive(`is accepted where it says so (migrate: ${migrate})`, () =>
      Effect.gen(function* () {
        const filename = yield* tempFile
        yield* SqliteStore.migrate({ filename })
        yield* migrateBeyond(filename, newest)
        yield* insertOrganization().pipe(Effect.provide(SqliteStore.layer({ filename, migrate })))
      })
    )

    it.scopedLive(`is refused where it does not (migrate: ${migrate})`, () =>
      Effect.gen(function* () {
        const filename = yield* tempFile
        yield* SqliteStore.migrate({ filename })
        yield* migrateBeyond(filename, newest + 1)
        const error = yield* Effect.flip(Effect.provide(ping, SqliteStore.layer({ filename, migrate })))
        const reason = `schema is at ${newest + 1}, which needs ${newest + 1} or newer; this version has ${newest}: upgrade it`
        assert.deepInclude(error, { operation: "open", retryable: false, reason })
      })
    )
  }
})

describe("processes", () => {
  it.scopedLive(
    "that start at once on an empty file all come up",
    () =>
      Effect.gen(function* () {
        const filename = yield* tempFile
        const processes = yield* startProcesses(4)
        const opened = yield* Effect.forEach(processes, (process) => run(process, "open", filename), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(opened, ["open", "open", "open", "open"])
        assert.strictEqual(recordsOf(yield* openRaw(filename)).length, newest)
      }),
    120_000
  )

  it.scopedLive(
    "that are killed in the middle of a migration leave nothing that the next start does not heal",
    () =>
      Effect.gen(function* () {
        const filename = yield* tempFile
        const process = yield* startProcess
        yield* process.start("migrateForever", filename)
        const raw = yield* openRaw(filename)
        raw.pragma("busy_timeout = 0")
        const isMigrating = Effect.sync(() => {
          try {
            raw.exec("begin immediate; rollback")
            return false
          } catch {
            return true
          }
        })
        yield* isMigrating.pipe(Effect.delay("20 millis"), Effect.repeat({ until: (migrating) => migrating }))
        // Time to get from the lock to the statement that does not end.
        yield* Effect.sleep("500 millis")
        assert.isTrue(yield* isMigrating)
        yield* process.kill
        assert.deepStrictEqual(schemaOf(raw), [])
        yield* insertOrganization().pipe(Effect.provide(SqliteStore.layer({ filename })))
        assert.strictEqual(recordsOf(raw).length, newest)
      }),
    120_000
  )
})
