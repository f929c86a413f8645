import { KeyStore, type StoreError, type StorePorts, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization, makeNewKey, makeOrganization, uniqueName } from "@apikeys/core/testing"
import { type Database, guarded, SqlStore } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Cause, type Context, Effect, Exit, Fiber, Logger, LogLevel } from "effect"
import { selectedServices, testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"
import { openDatabase } from "../src/MysqlDatabase.js"
import { makeSettings } from "../src/MysqlSettings.js"
import { startForPlainUser } from "./plainUser.js"

const timeout = 1500

/** What a busy machine may take on top. */
const slack = 5000

const openStore = (options: MysqlStore.MysqlStoreOptions & { readonly timeout: number }) =>
  Effect.gen(function* () {
    yield* MysqlStore.migrate({ url: options.url, timeout: "20 seconds" })
    const database = yield* Effect.flatMap(makeSettings(options), openDatabase)
    return { database, ports: SqlStore.make(database, { timeout: options.timeout, time: "store" }) }
  })

const fails = <A>(effect: Effect.Effect<A, unknown, StorePorts>, ports: Context.Context<StorePorts>) =>
  Effect.flip(Effect.provide(effect, ports)) as Effect.Effect<StoreError>

const change = (database: Database, name: string, ...statements: ReadonlyArray<string>) =>
  guarded(
    database,
    10_000,
    name,
    database.transact("change", (connection) =>
      Effect.forEach(statements, (statement) => connection.executeUnprepared(statement, [], undefined))
    )
  )

const rename = (id: Parameters<TenantStore["Type"]["renameOrganization"]>[0]) =>
  Effect.flatMap(TenantStore, (tenants) => tenants.renameOrganization(id, makeOrganization().name))

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { name, url } = await testDatabase(service)

  const query = (statement: string) => Effect.promise(() => withConnection(url, (run) => run(statement)))

  /** Ends every connection to the database but that which does so. */
  const killConnections = Effect.promise(() =>
    withConnection(url, async (run) => {
      const [own] = await run("select connection_id() as id")
      for (const { Id: id, db } of await run("show processlist")) {
        if (db === name && id !== own?.["id"]) await run(`kill ${id}`)
      }
    })
  )

  /** Runs while a connection around the store holds the row of an organization. */
  const whileHeld = <A, E>(id: string, use: (end: Effect.Effect<void>) => Effect.Effect<A, E>) =>
    Effect.async<A, E>((resume) => {
      withConnection(url, async (run) => {
        await run("begin")
        await run(`select id from apikeys_organizations where id = x'${id.replaceAll("-", "")}' for update`)
        let open = true
        const end = Effect.promise(async () => {
          if (open) await run("rollback")
          open = false
        })
        resume(await Effect.runPromiseExit(use(end)))
        await Effect.runPromise(end)
      })
    })

  describe(`a lock of another connection, on ${title},`, () => {
    it.scopedLive(
      "that is held beyond the deadline is a retryable error, in about that time, also without a free connection",
      () =>
        Effect.gen(function* () {
          const { ports } = yield* openStore({ url, timeout, pool: { max: 2 } })
          const { id } = yield* Effect.provide(insertOrganization(), ports)
          yield* whileHeld(id, (end) =>
            Effect.gen(function* () {
              const began = performance.now()
              const errors = yield* Effect.all(
                Array.from({ length: 20 }, () => fails(rename(id), ports)),
                { concurrency: "unbounded" }
              )
              assert.isAtLeast(performance.now() - began, timeout - 100)
              assert.isBelow(performance.now() - began, timeout + slack)
              for (const error of errors) {
                assert.deepInclude(error, { _tag: "StoreError", retryable: true })
                assert.include(["mysql timeout", "mysql POOL_BUSY", "mysql ER_LOCK_WAIT_TIMEOUT HY000"], error.reason)
              }
              assert.isTrue(errors.some(({ reason }) => reason === "mysql POOL_BUSY"))
              yield* end
            })
          )
          yield* Effect.provide(rename(id), ports).pipe(Effect.retry({ times: 5 }))
        })
    )

    it.scopedLive("that is given back in time is waited for", () =>
      Effect.gen(function* () {
        const { ports } = yield* openStore({ url, timeout: 10_000 })
        const { id } = yield* Effect.provide(insertOrganization(), ports)
        yield* whileHeld(id, (end) =>
          Effect.gen(function* () {
            const renaming = yield* Effect.fork(Effect.provide(rename(id), ports))
            yield* Effect.sleep("150 millis")
            yield* end
            yield* Fiber.join(renaming)
          })
        )
      })
    )

    it.scopedLive("interrupted, is waited for no longer, nothing is written, and the connection serves on", () =>
      Effect.gen(function* () {
        const { ports } = yield* openStore({ url, timeout: 3000, pool: { max: 1 } })
        const { id, name: before } = yield* Effect.provide(insertOrganization(), ports)
        const tenants = yield* Effect.provide(TenantStore, ports)
        yield* whileHeld(id, (end) =>
          Effect.gen(function* () {
            const renaming = yield* Effect.fork(Effect.provide(rename(id), ports))
            yield* Effect.sleep("300 millis")
            const began = performance.now()
            const exit = yield* Fiber.interrupt(renaming)
            assert.isBelow(performance.now() - began, 2000)
            assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
            yield* end
          })
        )
        const found = yield* Effect.retry(tenants.findOrganization(id), { times: 5 })
        assert.deepInclude(found, { _tag: "Some" })
        assert.strictEqual(found._tag === "Some" ? found.value.name : "", before)
      })
    )
  })

  describe(`a transaction on ${title}`, () => {
    it.scopedLive("sees, in each of its statements, what was committed before that", () =>
      Effect.gen(function* () {
        const { database } = yield* openStore({ url, timeout: 10_000 })
        yield* query("create table news (n int)")
        const seen = yield* database.transact("change", (connection) =>
          Effect.gen(function* () {
            const read = connection.executeUnprepared("select n from news", [], undefined)
            const before = yield* read
            yield* query("insert into news values (1)")
            return [before.length, (yield* read).length]
          })
        )
        assert.deepStrictEqual(seen, [0, 1])
      })
    )
  })

  describe(`what ${title} undid`, () => {
    it.scopedLive("in a deadlock is done again, and no caller sees it", () =>
      Effect.gen(function* () {
        const { database } = yield* openStore({ url, timeout: 15_000 })
        yield* query("create table crossing (id int primary key, n int)")
        yield* query("insert into crossing values (1, 0), (2, 0)")
        let attempts = 0
        const cross = (first: number, second: number) => {
          const add = (id: number) => `update crossing set n = n + 1 where id = ${id}`
          const transaction = database.transact("change", (connection) =>
            Effect.gen(function* () {
              attempts++
              yield* connection.executeUnprepared(add(first), [], undefined)
              yield* Effect.sleep("300 millis")
              yield* connection.executeUnprepared(add(second), [], undefined)
            })
          )
          return guarded(database, 15_000, "cross", transaction)
        }
        yield* Effect.all([cross(1, 2), cross(2, 1)], { concurrency: "unbounded" })
        assert.isAbove(attempts, 2)
        assert.deepStrictEqual(
          (yield* query("select n from crossing order by id")).map(({ n }) => n),
          [2, 2]
        )
      })
    )

    it.scopedLive("because of a key that is missing or taken is an error at last, and the connection is clean", () =>
      Effect.gen(function* () {
        const { database, ports } = yield* openStore({ url, timeout: 10_000, pool: { max: 1 } })
        yield* query("create table parents (id int primary key)")
        yield* query(
          "create table children (id int primary key, parent int, foreign key (parent) references parents (id))"
        )
        yield* query("insert into parents values (1)")
        yield* query("insert into children values (1, 1)")
        const reasons: ReadonlyArray<readonly [string, string]> = [
          ["insert into children values (2, 7)", "mysql ER_NO_REFERENCED_ROW_2 23000"],
          ["delete from parents where id = 1", "mysql ER_ROW_IS_REFERENCED_2 23000"],
          ["insert into parents values (1)", "mysql ER_DUP_ENTRY 23000"],
          ["insert into missing values (1)", "mysql ER_NO_SUCH_TABLE 42S02"]
        ]
        for (const [statement, reason] of reasons) {
          const error = yield* Effect.flip(change(database, "break", "insert into parents values (2)", statement))
          assert.deepInclude(error, { _tag: "StoreError", operation: "break", retryable: false, reason })
        }
        const rows = yield* database.read((connection) =>
          connection.executeUnprepared("select id from parents", [], undefined)
        )
        assert.deepStrictEqual(
          rows.map((row: { readonly id: unknown }) => row.id),
          [1]
        )
        yield* Effect.provide(insertOrganization(), ports)
      })
    )
  })

  describe(`a server of ${title} that may only be read`, () => {
    it.scopedLive(
      "refuses with a retryable error, still answers reads, and serves again by itself",
      () =>
        Effect.gen(function* () {
          const { run, url } = yield* startForPlainUser(service)
          const { ports } = yield* openStore({ url, timeout: 5000 })
          const { id } = yield* Effect.provide(insertOrganization(), ports)
          yield* run("set global read_only = on")
          const error = yield* fails(insertOrganization(), ports)
          assert.deepInclude(error, { _tag: "StoreError", retryable: true })
          assert.match(error.reason, /^mysql ER_(OPTION_PREVENTS_STATEMENT|READ_ONLY_MODE) /)
          const tenants = yield* Effect.provide(TenantStore, ports)
          assert.strictEqual((yield* tenants.findOrganization(id))._tag, "Some")
          yield* run("set global read_only = off")
          yield* Effect.provide(insertOrganization(), ports)
        }),
      120_000
    )
  })

  describe(`connections to ${title} that die`, () => {
    it.scopedLive("fail what they carry with a retryable error, and are replaced", () =>
      Effect.gen(function* () {
        const { database, ports } = yield* openStore({ url, timeout: 10_000 })
        const sleeping = yield* Effect.fork(Effect.flip(change(database, "sleep", "select sleep(5) from dual")))
        yield* Effect.sleep("500 millis")
        yield* killConnections
        assert.deepInclude(yield* Fiber.join(sleeping), { _tag: "StoreError", retryable: true })
        yield* Effect.retry(Effect.provide(insertOrganization(), ports), { times: 5 })
      })
    )
  })

  describe(`what an error of ${title} says`, () => {
    it.scopedLive("is the driver's code, and nothing of the row; nor do logs say more", () =>
      Effect.gen(function* () {
        const { ports } = yield* openStore({ url, timeout: 5000 })
        const logged: Array<string> = []
        const logger = Logger.replace(
          Logger.defaultLogger,
          Logger.make(({ cause, message }) => logged.push(`${message} ${Cause.pretty(cause)}`))
        )
        const error = yield* fails(
          Effect.gen(function* () {
            const keys = yield* KeyStore
            const organization = yield* insertOrganization({ name: uniqueName() })
            const { digest } = yield* insertKey(organization.id)
            return yield* keys.insert({ ...makeNewKey(organization.id), digest })
          }),
          ports
        ).pipe(Effect.provide(logger), Logger.withMinimumLogLevel(LogLevel.All))
        assert.deepInclude(error, { _tag: "StoreError", retryable: false, reason: "mysql ER_DUP_ENTRY 23000" })
        assert.isUndefined(error.cause)
        assert.deepStrictEqual(logged, [])
      })
    )
  })
}
