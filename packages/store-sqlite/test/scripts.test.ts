import type { Script } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { openRaw, openTempDatabase } from "./tempDatabase.js"

const ask = (text: string, params: ReadonlyArray<unknown> = [], asValues = false) => ({ text, params, asValues })

const insert = function* (id: number): Script<void> {
  yield ask("insert into things (id) values (?)", [id])
}

const all = function* (): Script<ReadonlyArray<unknown>> {
  return yield ask("select id, id + 1 from things order by id", [], true)
}

const opened = Effect.gen(function* () {
  const database = yield* openTempDatabase()
  const { scripts } = database
  if (scripts === null) return assert.fail("a file runs scripts")
  const raw = yield* openRaw(database.filename)
  raw.exec("create table things (id integer primary key)")
  const stored = () => raw.prepare("select id from things order by id").pluck().all()
  return { database, scripts, raw, stored }
})

/** Never `null` here. */
const own = <A, E>(effect: Effect.Effect<A, E> | null): Effect.Effect<A, E> =>
  effect ?? Effect.dieMessage("has to wait")

describe("scripts on a file", () => {
  it.scopedLive("commit what they counted, and read it as lists", () =>
    Effect.gen(function* () {
      const { scripts, stored } = yield* opened
      yield* own(scripts.count(() => insert(1)))
      assert.deepStrictEqual(stored(), [1])
      assert.deepStrictEqual(yield* own(scripts.read(all)), [[1, 2]])
    })
  )

  it.scopedLive("leave nothing behind where a statement fails or the script throws, and the next one goes on", () =>
    Effect.gen(function* () {
      const { scripts, stored } = yield* opened
      const broken = function* (): Script<void> {
        yield* insert(1)
        yield ask("insert into nothing values (1)")
      }
      const thrown = function* (): Script<void> {
        yield* insert(2)
        throw new Error("thrown")
      }
      assert.strictEqual((yield* Effect.flip(own(scripts.count(broken))))._tag, "SqlError")
      assert.strictEqual((yield* Effect.flip(own(scripts.count(thrown))))._tag, "SqlError")
      yield* own(scripts.count(() => insert(3)))
      assert.deepStrictEqual(stored(), [3])
    })
  )

  it.scopedLive("wait neither for another transaction of this process nor come between its statements", () =>
    Effect.gen(function* () {
      const { database, scripts, stored } = yield* opened
      const begun = yield* Deferred.make<void>()
      const early = own(scripts.count(() => insert(2)))
      const transaction = yield* Effect.fork(
        database.transact("change", (connection) =>
          connection
            .execute("insert into things (id) values (1)", [], undefined)
            .pipe(Effect.zipRight(Deferred.succeed(begun, undefined)), Effect.zipRight(Effect.sleep("50 millis")))
        )
      )
      yield* Deferred.await(begun)
      assert.isNull(scripts.count(() => insert(3)))
      assert.isTrue(database.classify(yield* Effect.flip(early)).undone)
      yield* Fiber.join(transaction)
      assert.deepStrictEqual(stored(), [1])
      yield* early
      assert.deepStrictEqual(stored(), [1, 2])
    })
  )

  it.scopedLive("are told to be repeated where another process has the lock", () =>
    Effect.gen(function* () {
      const { database, raw, scripts, stored } = yield* opened
      raw.exec("begin immediate")
      const error = yield* Effect.flip(own(scripts.count(() => insert(1))))
      assert.isTrue(database.classify(error).undone)
      raw.exec("commit")
      yield* own(scripts.count(() => insert(1)))
      assert.deepStrictEqual(stored(), [1])
    })
  )
})
