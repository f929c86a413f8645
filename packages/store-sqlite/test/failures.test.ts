import { KeyStore, type StoreError, type StorePorts, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization, makeNewKey, makeOrganization } from "@apikeys/core/testing"
import { SchemaVersion, SqlStore } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Cause, type Context, Effect, Exit, Fiber, Logger, LogLevel } from "effect"
import { openRaw, openTempDatabase } from "./tempDatabase.js"

const timeout = 400

/** A store, its database, and a connection around both. */
const openStore = Effect.gen(function* () {
  const database = yield* openTempDatabase({ timeout })
  yield* SchemaVersion.migrate(database)
  const ports = SqlStore.make(database, { timeout, time: "store" })
  return { database, ports, raw: yield* openRaw(database.filename) }
})

const fails = <A>(effect: Effect.Effect<A, unknown, StorePorts>, ports: Context.Context<StorePorts>) =>
  Effect.flip(Effect.provide(effect, ports)) as Effect.Effect<StoreError>

describe("a lock of another process", () => {
  it.scopedLive("that is held beyond the deadline is a retryable error, in about that time", () =>
    Effect.gen(function* () {
      const { ports, raw } = yield* openStore
      raw.exec("begin immediate")
      const began = performance.now()
      const errors = yield* Effect.all(
        Array.from({ length: 20 }, () => fails(insertOrganization(), ports)),
        { concurrency: "unbounded" }
      )
      assert.isAtLeast(performance.now() - began, timeout - 1)
      assert.isBelow(performance.now() - began, timeout + 1500)
      for (const error of errors) {
        const operation = "TenantStore.insertOrganization"
        assert.deepInclude(error, { _tag: "StoreError", operation, retryable: true, reason: "sqlite SQLITE_BUSY" })
      }
      raw.exec("rollback")
      const { name } = yield* Effect.provide(insertOrganization(), ports)
      const names = raw.prepare("select name from apikeys_organizations").pluck().all()
      assert.deepStrictEqual(names, [name])
    })
  )

  it.scopedLive("that is given back in time is waited for", () =>
    Effect.gen(function* () {
      const { ports, raw } = yield* openStore
      raw.exec("begin immediate")
      const inserting = yield* Effect.fork(Effect.provide(insertOrganization(), ports))
      yield* Effect.sleep("150 millis")
      raw.exec("rollback")
      yield* Fiber.join(inserting)
    })
  )

  it.scopedLive("stops no reads", () =>
    Effect.gen(function* () {
      const { ports, raw } = yield* openStore
      const { id } = yield* Effect.provide(insertOrganization(), ports)
      raw.exec("begin immediate; delete from apikeys_organizations")
      const tenants = yield* Effect.provide(TenantStore, ports)
      assert.strictEqual((yield* tenants.findOrganization(id))._tag, "Some")
    })
  )
})

describe("an interruption", () => {
  it.scopedLive("is no error of the store, waits for no lock, and writes nothing", () =>
    Effect.gen(function* () {
      const { ports, raw } = yield* openStore
      raw.exec("begin immediate")
      const inserting = yield* Effect.fork(Effect.provide(insertOrganization(), ports))
      yield* Effect.sleep("50 millis")
      const began = performance.now()
      const exit = yield* Fiber.interrupt(inserting)
      assert.isBelow(performance.now() - began, timeout / 2)
      assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      raw.exec("rollback")
      yield* Effect.sleep("100 millis")
      assert.deepStrictEqual(raw.prepare("select name from apikeys_organizations").all(), [])
    })
  )
})

describe("what goes wrong in the file", () => {
  const cases = [
    ["one that may not be written", "query_only = ON", { retryable: false, reason: "sqlite SQLITE_READONLY" }],
    ["a disk that is full", "max_page_count = 1", { retryable: true, reason: "sqlite SQLITE_FULL" }]
  ] as const
  for (const [what, pragma, expected] of cases) {
    it.scopedLive(`${what} is told by its code`, () =>
      Effect.gen(function* () {
        const { database, ports } = yield* openStore
        const organization = makeOrganization({ name: "x".repeat(200) })
        yield* database.transact("change", (connection) =>
          Effect.suspend(() => connection.executeUnprepared(`PRAGMA ${pragma}`, [], undefined))
        )
        const fill = Effect.forEach(Array.from({ length: 500 }), () =>
          Effect.flatMap(TenantStore, (tenants) =>
            tenants.insertOrganization(makeOrganization({ name: `${crypto.randomUUID()}${organization.name}` }))
          )
        )
        assert.deepInclude(yield* fails(fill, ports), { _tag: "StoreError", ...expected })
      })
    )
  }

  it.scopedLive("a row that cannot be read is an error that does not show it", () =>
    Effect.gen(function* () {
      const { ports, raw } = yield* openStore
      const { key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id)).pipe(Effect.provide(ports))
      raw.prepare("update apikeys_keys set scopes = 'UNREADABLE'").run()
      const error = yield* fails(
        Effect.flatMap(KeyStore, (keys) => keys.find(key.id)),
        ports
      )
      assert.deepInclude(error, { _tag: "StoreError", operation: "KeyStore.find", retryable: false })
      assert.notInclude(`${error.stack} ${JSON.stringify(error)}`, "UNREADABLE")
    })
  )
})

describe("what an error says", () => {
  it.scopedLive("is the driver's code, and nothing of the row; nor do logs say more", () =>
    Effect.gen(function* () {
      const { ports } = yield* openStore
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
      assert.deepInclude(error, {
        _tag: "StoreError",
        operation: "KeyStore.insert",
        retryable: false,
        reason: "sqlite SQLITE_CONSTRAINT_PRIMARYKEY"
      })
      assert.isUndefined(error.cause)
      assert.deepStrictEqual(logged, [])
    })
  )
})
