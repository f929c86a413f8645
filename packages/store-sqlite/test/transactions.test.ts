import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { openRaw, openTempDatabase } from "./tempDatabase.js"

const openNumbers = (options?: Parameters<typeof openTempDatabase>[0]) =>
  Effect.gen(function* () {
    const database = yield* openTempDatabase(options)
    const raw = yield* openRaw(database.filename)
    raw.exec("create table numbers (n integer primary key)")
    return { database, raw, numbers: () => raw.prepare("select n from numbers order by n").pluck().all() }
  })

const insert = (n: number) => `insert into numbers values (${n})`

describe("a transaction", () => {
  it.scopedLive("that fails is undone, and the next one goes well", () =>
    Effect.gen(function* () {
      const { database, numbers } = yield* openNumbers()
      const failing = database.transact("change", (connection) =>
        Effect.zipRight(connection.execute(insert(1), [], undefined), Effect.fail("no" as const))
      )
      assert.strictEqual(yield* Effect.flip(failing), "no")
      yield* database.transact("change", (connection) => connection.execute(insert(2), [], undefined))
      assert.deepStrictEqual(numbers(), [2])
    })
  )

  it.scopedLive("that is interrupted half way is undone, and the next one goes well", () =>
    Effect.gen(function* () {
      const { database, numbers } = yield* openNumbers()
      const hanging = yield* Effect.fork(
        database.transact("change", (connection) =>
          Effect.zipRight(connection.execute(insert(1), [], undefined), Effect.never)
        )
      )
      yield* Effect.sleep("30 millis")
      yield* Fiber.interrupt(hanging)
      yield* database.transact("change", (connection) => connection.execute(insert(2), [], undefined))
      assert.deepStrictEqual(numbers(), [2])
    })
  )

  it.scopedLive("whose commit fails is undone, fails, and does not stay open", () =>
    Effect.gen(function* () {
      const { database, numbers, raw } = yield* openNumbers()
      raw.exec("create table children (n integer references numbers (n) deferrable initially deferred)")
      const orphan = database.transact("change", (connection) =>
        connection.execute("insert into children values (9)", [], undefined)
      )
      const error = yield* Effect.flip(orphan)
      assert.strictEqual(database.classify(error).code, "SQLITE_CONSTRAINT_FOREIGNKEY")
      yield* database.transact("change", (connection) => connection.execute(insert(2), [], undefined))
      assert.deepStrictEqual(numbers(), [2])
      assert.strictEqual(raw.prepare("select count(*) from children").pluck().get(), 0)
    })
  )

  it.scopedLive("that SQLite undid by itself ends with its own error", () =>
    Effect.gen(function* () {
      const { database } = yield* openNumbers()
      const gone = database.transact("change", (connection) =>
        connection.execute("insert or rollback into numbers values (1), (1)", [], undefined)
      )
      assert.strictEqual(database.classify(yield* Effect.flip(gone)).code, "SQLITE_CONSTRAINT_PRIMARYKEY")
      yield* database.transact("change", (connection) => connection.execute(insert(2), [], undefined))
    })
  )

  it.scopedLive("that stayed open, whatever the reason, stops one call and not those after", () =>
    Effect.gen(function* () {
      const { database, numbers } = yield* openNumbers()
      const write = (n: number) =>
        database.transact("change", (connection) => connection.execute(insert(n), [], undefined))
      const leaked = yield* database.transact("change", Effect.succeed)
      yield* leaked.execute("begin", [], undefined)
      yield* leaked.execute(insert(1), [], undefined)
      assert.strictEqual(database.classify(yield* Effect.flip(write(2))).code, "SQLITE_ERROR")
      yield* write(3)
      assert.deepStrictEqual(numbers(), [3])
    })
  )

  it.scopedLive("has the write lock from its beginning", () =>
    Effect.gen(function* () {
      const { database, raw } = yield* openNumbers()
      raw.pragma("busy_timeout = 0")
      const code = yield* database.transact("change", () =>
        Effect.sync(() => {
          try {
            raw.exec("begin immediate")
            return "none"
          } catch (error) {
            return (error as { readonly code: string }).code
          }
        })
      )
      assert.strictEqual(code, "SQLITE_BUSY")
    })
  )

  it.scopedLive("that waits for another process's lock can be interrupted, and writes nothing later", () =>
    Effect.gen(function* () {
      const { database, numbers, raw } = yield* openNumbers()
      raw.exec("begin immediate")
      const waiting = yield* Effect.fork(
        database.transact("change", (connection) => connection.execute(insert(1), [], undefined))
      )
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(waiting).pipe(Effect.timeout("1 second"))
      raw.exec("rollback")
      yield* Effect.sleep("50 millis")
      assert.deepStrictEqual(numbers(), [])
    })
  )

  it.scopedLive("is alone in its process", () =>
    Effect.gen(function* () {
      const { database } = yield* openNumbers()
      let inside = 0
      let most = 0
      const one = database.transact("count", () =>
        Effect.sync(() => {
          most = Math.max(most, ++inside)
        }).pipe(Effect.zipRight(Effect.sleep("1 millis")), Effect.ensuring(Effect.sync(() => inside--)))
      )
      yield* Effect.all(
        Array.from({ length: 20 }, () => one),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(most, 1)
    })
  )
})

describe("the writer", () => {
  const levels = (synchronous: "normal" | "full") =>
    Effect.gen(function* () {
      const { database } = yield* openNumbers({ synchronous })
      const level = (durability: "change" | "count") =>
        Effect.map(
          database.transact(durability, (connection) =>
            connection.executeUnprepared("PRAGMA synchronous", [], undefined)
          ),
          ([row]) => row.synchronous
        )
      return [yield* level("change"), yield* level("count"), yield* level("change"), yield* level("count")]
    })
  const [normal, full] = [1, 2]

  it.scopedLive("waits for the disk at each change, and by default not at counts", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* levels("normal"), [full, normal, full, normal])
      assert.deepStrictEqual(yield* levels("full"), [full, full, full, full])
    })
  )

  it.scopedLive("holds foreign keys, keeps a WAL, and waits no more than 10 ms inside of the driver", () =>
    Effect.gen(function* () {
      const { database } = yield* openNumbers()
      const read = (pragma: string) =>
        database.transact("count", (connection) => connection.executeUnprepared(`PRAGMA ${pragma}`, [], undefined))
      assert.deepStrictEqual(yield* read("foreign_keys"), [{ foreign_keys: 1 }])
      assert.deepStrictEqual(yield* read("journal_mode"), [{ journal_mode: "wal" }])
      assert.deepStrictEqual(yield* read("busy_timeout"), [{ timeout: 10 }])
    })
  )
})

describe("the reader", () => {
  it.scopedLive("cannot write", () =>
    Effect.gen(function* () {
      const { database, numbers } = yield* openNumbers()
      const error = yield* Effect.flip(database.read((connection) => connection.execute(insert(1), [], undefined)))
      assert.strictEqual(database.classify(error).code, "SQLITE_READONLY")
      assert.deepStrictEqual(numbers(), [])
    })
  )

  it.scopedLive("sees nothing of an open transaction, and all of it once it is committed", () =>
    Effect.gen(function* () {
      const { database } = yield* openNumbers()
      const count = database.read((connection) =>
        Effect.map(connection.execute("select count(*) as n from numbers", [], undefined), ([row]) => row.n)
      )
      const during = yield* database.transact("change", (connection) =>
        Effect.zipRight(connection.execute(insert(1), [], undefined), count)
      )
      assert.deepStrictEqual([during, yield* count], [0, 1])
    })
  )
})

describe("a statement that could not be prepared", () => {
  it.scopedLive("works as soon as it can be", () =>
    Effect.gen(function* () {
      const { database, raw } = yield* openNumbers()
      const read = database.read((connection) => connection.execute("select n from later", [], undefined))
      assert.strictEqual(database.classify(yield* Effect.flip(read)).code, "SQLITE_ERROR")
      raw.exec("create table later (n integer); insert into later values (1)")
      assert.deepStrictEqual(yield* read, [{ n: 1 }])
    })
  )
})
