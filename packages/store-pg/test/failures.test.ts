import { KeyStore, type StoreError, type StorePorts, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization, makeNewKey, makeOrganization } from "@apikeys/core/testing"
import { guarded } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Cause, type Context, Effect, Exit, Fiber, Logger, LogLevel } from "effect"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { openStore } from "./openStore.js"

const { name, url } = await testDatabase("pg")

const timeout = 1000

/** What a busy machine may take on top. */
const slack = 4000

const fails = <A>(effect: Effect.Effect<A, unknown, StorePorts>, ports: Context.Context<StorePorts>) =>
  Effect.flip(Effect.provide(effect, ports)) as Effect.Effect<StoreError>

/** Runs while a connection around the store has statements of a transaction open. */
const whileOpen = <A, E>(statement: string, use: (end: Effect.Effect<void>) => Effect.Effect<A, E>) =>
  Effect.async<A, E>((resume) => {
    withConnection(url, async (query) => {
      await query(`begin; ${statement}`)
      let open = true
      const end = Effect.promise(async () => {
        if (open) await query("rollback")
        open = false
      })
      resume(await Effect.runPromiseExit(use(end)))
      await Effect.runPromise(end)
    })
  })

const query = (statement: string) => Effect.promise(() => withConnection(url, (run) => run(statement)))

const writable = query(
  `begin; set transaction read write; alter database ${name} reset default_transaction_read_only; commit`
)

describe("a lock of another connection", () => {
  it.scopedLive(
    "that is held beyond the deadline is a retryable error, in about that time, also without a free connection",
    () =>
      Effect.gen(function* () {
        const { ports } = yield* openStore({ url, timeout, pool: { max: 2 } })
        yield* whileOpen("lock table apikeys_organizations in exclusive mode", (end) =>
          Effect.gen(function* () {
            const began = performance.now()
            const errors = yield* Effect.all(
              Array.from({ length: 20 }, () => fails(insertOrganization(), ports)),
              { concurrency: "unbounded" }
            )
            assert.isAtLeast(performance.now() - began, timeout - 100)
            assert.isBelow(performance.now() - began, timeout + slack)
            for (const error of errors) {
              assert.deepInclude(error, { _tag: "StoreError", retryable: true })
              assert.include(["pg timeout", "pg 55P03", "pg 57014", "pg pool_timeout"], error.reason)
            }
            yield* end
          })
        )
        yield* Effect.provide(insertOrganization(), ports).pipe(Effect.retry({ times: 5 }))
      })
  )

  it.scopedLive("that is given back in time is waited for", () =>
    Effect.gen(function* () {
      const { ports } = yield* openStore({ url, timeout: 10_000 })
      yield* whileOpen("lock table apikeys_organizations in exclusive mode", (end) =>
        Effect.gen(function* () {
          const inserting = yield* Effect.fork(Effect.provide(insertOrganization(), ports))
          yield* Effect.sleep("150 millis")
          yield* end
          yield* Fiber.join(inserting)
        })
      )
    })
  )

  it.scopedLive("interrupted, is waited for no longer, nothing is written, and the connection serves on", () =>
    Effect.gen(function* () {
      const { ports } = yield* openStore({ url, timeout: 10_000, pool: { max: 1 } })
      const organization = makeOrganization()
      const insert = Effect.flatMap(TenantStore, (tenants) => tenants.insertOrganization(organization))
      yield* whileOpen("lock table apikeys_organizations in exclusive mode", (end) =>
        Effect.gen(function* () {
          const inserting = yield* Effect.fork(Effect.provide(insert, ports))
          yield* Effect.sleep("300 millis")
          const began = performance.now()
          const exit = yield* Fiber.interrupt(inserting)
          assert.isBelow(performance.now() - began, 2000)
          assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
          yield* end
        })
      )
      yield* Effect.provide(insertOrganization(), ports)
      assert.deepStrictEqual(yield* query(`select id from apikeys_organizations where id = '${organization.id}'`), [])
    })
  )
})

describe("what the server undid", () => {
  it.scopedLive("in a deadlock is done again, and no caller sees it", () =>
    Effect.gen(function* () {
      const { database } = yield* openStore({ url, timeout: 15_000 })
      yield* query("create table if not exists crossing (id int primary key, n int); truncate crossing")
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
      assert.deepStrictEqual(yield* query("select n from crossing order by id"), [{ n: 2 }, { n: 2 }])
    })
  )

  it.scopedLive("at the commit is an error, and the connection is clean", () =>
    Effect.gen(function* () {
      const { database } = yield* openStore({ url, timeout, pool: { max: 1 } })
      yield* query("create table if not exists late (id int unique deferrable initially deferred)")
      const insertTwice = database.transact("change", (connection) =>
        connection.executeUnprepared("insert into late values (1); insert into late values (1)", [], undefined)
      )
      const error = yield* Effect.flip(guarded(database, timeout, "late", insertTwice))
      assert.deepInclude(error, { _tag: "StoreError", retryable: false, reason: "pg 23505" })
      const unnoticed = database.transact("change", (connection) =>
        Effect.ignore(connection.executeUnprepared("select * from missing", [], undefined))
      )
      const refused = yield* Effect.flip(guarded(database, timeout, "unnoticed", unnoticed))
      assert.deepInclude(refused, { _tag: "StoreError", retryable: true, reason: "pg 40000" })
      const [row] = yield* database.read((connection) =>
        connection.executeUnprepared("select pg_current_xact_id_if_assigned() is null as clean", [], undefined)
      )
      assert.deepStrictEqual(row, { clean: true })
    })
  )
})

describe("a server that may only be read", () => {
  it.scopedLive("refuses with a retryable error, still answers reads, and serves again by itself", () =>
    Effect.gen(function* () {
      const { ports } = yield* openStore({ url, timeout: 5000 })
      const { id } = yield* Effect.provide(insertOrganization(), ports)
      yield* query(`alter database ${name} set default_transaction_read_only = on`)
      yield* Effect.addFinalizer(() => writable)
      yield* query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'apikeys'")
      yield* Effect.sleep("200 millis")
      const error = yield* fails(insertOrganization(), ports)
      assert.deepInclude(error, { _tag: "StoreError", retryable: true, reason: "pg 25006" })
      const tenants = yield* Effect.provide(TenantStore, ports)
      assert.strictEqual((yield* tenants.findOrganization(id))._tag, "Some")
      yield* writable
      // Connections that found the server unwritable are not kept; those that only read are, until they find it.
      yield* Effect.retry(Effect.provide(insertOrganization(), ports), { times: 10 })
    })
  )
})

describe("connections that die", () => {
  it.scopedLive("fail what they carry with a retryable error, and are replaced", () =>
    Effect.gen(function* () {
      const { database, ports } = yield* openStore({ url, timeout: 10_000 })
      const sleep = database.transact("change", (connection) =>
        connection.executeUnprepared("select pg_sleep(5)", [], undefined)
      )
      const sleeping = yield* Effect.fork(Effect.flip(guarded(database, 10_000, "sleep", sleep)))
      yield* Effect.sleep("500 millis")
      yield* query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'apikeys'")
      assert.deepInclude(yield* Fiber.join(sleeping), { _tag: "StoreError", retryable: true })
      yield* Effect.retry(Effect.provide(insertOrganization(), ports), { times: 5 })
    })
  )
})

describe("what an error says", () => {
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
          const { digest, key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id))
          return yield* keys.insert({ ...makeNewKey(key.organizationId), digest })
        }),
        ports
      ).pipe(Effect.provide(logger), Logger.withMinimumLogLevel(LogLevel.All))
      assert.deepInclude(error, { _tag: "StoreError", retryable: false, reason: "pg 23505" })
      assert.isUndefined(error.cause)
      assert.deepStrictEqual(logged, [])
    })
  )
})
