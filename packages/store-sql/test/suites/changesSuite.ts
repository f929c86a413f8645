import { type Change, type Confirmation, KeyId } from "@apikeys/core"
import { SchemaVersion } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, type Scope } from "effect"
import { makeFollower } from "../../src/ChangeFollower.js"
import { makeChangeLog, type Seen } from "../../src/ChangeLog.js"
import type { Database } from "../../src/Database.js"
import { makeDialect } from "../../src/Dialect.js"
import { makeOperations } from "../../src/Operations.js"

const timeout = 10_000

/** By the clock of confirmations. */
const now = () => Number(Clock.make().unsafeCurrentTimeNanos()) / 1e6

const keyChange = (): Change => ({ _tag: "Key", id: KeyId.make(crypto.randomUUID()) })

const unreachable = Effect.dieMessage("the store cannot be reached")

/** What stands below the ports: the log of one process, and the follower of another. */
const openLog = <E>(open: Effect.Effect<Database, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const database = yield* open
    yield* SchemaVersion.migrate(database)
    const log = makeChangeLog(database, makeDialect(database))
    const operations = makeOperations(database, timeout, log.append)
    let down = false
    let lateMillis = 0
    let afterwards: Effect.Effect<void> = Effect.void
    /** What the follower asks: it can fail, its answers can come late, and something can happen once it was answered. */
    const asked = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.suspend(() => (down ? unreachable : effect)).pipe(
        Effect.tap(() => {
          const next = afterwards
          afterwards = Effect.void
          return Effect.zipRight(next, Effect.sleep(lateMillis))
        })
      )
    const { version } = database.signals
    const followed: Database = {
      ...database,
      read: (use) => asked(database.read(use)),
      signals: { ...database.signals, listen: null, version: version && asked(version) }
    }
    const confirmations: Array<Confirmation & { readonly arrived: number }> = []
    yield* makeFollower(
      followed,
      makeChangeLog(followed, makeDialect(followed)),
      timeout
    )((confirmation) => confirmations.push({ ...confirmation, arrived: now() }))
    /** Waits until a look at the log that began later has been confirmed: two, since one may be under way. */
    const settled = Effect.suspend(() => {
      const wanted = confirmations.length + 2
      const wait: Effect.Effect<void> = Effect.suspend(() =>
        confirmations.length >= wanted ? Effect.void : Effect.zipRight(Effect.sleep("5 millis"), wait)
      )
      return wait
    })
    yield* settled
    const since = (start: number) => confirmations.slice(start).flatMap(({ changes }) => changes)
    const run = (statement: string) =>
      database.transact("change", (connection) => connection.executeUnprepared(statement, [], undefined))
    return {
      database,
      log,
      operations,
      confirmations,
      settled,
      since,
      run,
      prefix: database.tablePrefix,
      change: (change: Change) =>
        operations.change("test", (_, tell) =>
          Effect.sync(() => {
            tell(change)
          })
        ),
      setDown: (is: boolean) =>
        Effect.sync(() => {
          down = is
        }),
      setLate: (millis: number) =>
        Effect.sync(() => {
          lateMillis = millis
        }),
      /** Something to do as soon as the follower's next question was answered. */
      afterAnAnswer: (effect: Effect.Effect<unknown, unknown>) =>
        Effect.async<void>((resume) => {
          afterwards = Effect.ensuring(
            Effect.orDie(effect),
            Effect.sync(() => resume(Effect.void))
          )
        })
    }
  })

/**
 * The log of changes on a database.
 *
 * @param sideBySide whether transactions run side by side, so that one that began later may be committed earlier
 */
export const changesSuite = <E>(
  title: string,
  open: Effect.Effect<Database, E, Scope.Scope>,
  { sideBySide }: { readonly sideBySide: boolean }
): void => {
  describe(`the log of changes on ${title}`, () => {
    const opened = openLog(open)
    if (sideBySide) orderTests(opened)
    momentTests(opened)
    undoneTests(opened)
    absenceTests(opened)
  })
}

type Opened = ReturnType<typeof openLog>

const orderTests = (opened: Opened) => {
  it.scopedLive("tells of both of two transactions that are committed in reverse order of their beginnings", () =>
    Effect.gen(function* () {
      const { change, confirmations, operations, settled, since } = yield* opened
      const [late, early] = [keyChange(), keyChange()]
      const [began, goOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const start = confirmations.length
      const first = yield* Effect.fork(
        operations.change("late", (connection, tell) =>
          Effect.gen(function* () {
            tell(late)
            yield* connection.execute("select 1 as one", [], undefined)
            yield* Deferred.succeed(began, undefined)
            yield* Deferred.await(goOn)
          })
        )
      )
      yield* Deferred.await(began)
      yield* change(early)
      yield* settled
      assert.deepStrictEqual(since(start), [early])
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(first)
      yield* settled
      assert.deepStrictEqual(since(start), [early, late])
      assert.isFalse(confirmations.some(({ missed }) => missed))
    })
  )

  it.scopedLive("lets nobody commit a later number before an earlier one", () =>
    Effect.gen(function* () {
      const { change, confirmations, database, log, settled, since } = yield* opened
      const [one, other] = [keyChange(), keyChange()]
      const [numbered, goOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const start = confirmations.length
      const first = yield* Effect.fork(
        database.transact("change", (connection) =>
          log
            .append(connection, [one])
            .pipe(Effect.zipRight(Deferred.succeed(numbered, undefined)), Effect.zipRight(Deferred.await(goOn)))
        )
      )
      yield* Deferred.await(numbered)
      const second = yield* Effect.fork(change(other))
      yield* settled
      assert.deepStrictEqual(since(start), [])
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      yield* settled
      assert.deepStrictEqual(since(start), [one, other])
    })
  )
}

const momentTests = (opened: Opened) => {
  it.scopedLive("confirms what was before it was asked, however late the answer comes", () =>
    Effect.gen(function* () {
      const { change, confirmations, setLate, settled } = yield* opened
      yield* setLate(150)
      yield* settled
      const start = confirmations.length
      yield* change(keyChange())
      yield* settled
      for (const { arrived, asOf } of confirmations.slice(start)) assert.isAtLeast(arrived - asOf, 140)
    })
  )

  it.scopedLive("skips nothing that is committed in the middle of a look", () =>
    Effect.gen(function* () {
      const { afterAnAnswer, change, confirmations, settled, since } = yield* opened
      for (let i = 0; i < 3; i++) {
        const start = confirmations.length
        const [before, between] = [keyChange(), keyChange()]
        yield* change(before)
        yield* afterAnAnswer(change(between))
        yield* settled
        assert.deepStrictEqual(since(start), [before, between])
      }
    })
  )
}

const undoneTests = (opened: Opened) => {
  it.scopedLive("never tells of what was rolled back, nor misses anything for it", () =>
    Effect.gen(function* () {
      const { change, confirmations, database, log, operations, settled, since } = yield* opened
      const start = confirmations.length
      const [kept, undone] = [keyChange(), keyChange()]
      yield* Effect.ignore(
        operations.change("undone", (_, tell) => {
          tell(undone)
          return Effect.fail("no" as const)
        })
      )
      yield* Effect.ignore(
        database.transact("change", (connection) =>
          Effect.zipRight(log.append(connection, [undone]), Effect.fail("no"))
        )
      )
      yield* change(kept)
      yield* settled
      assert.deepStrictEqual(since(start), [kept])
      assert.isFalse(confirmations.some(({ missed }) => missed))
    })
  )

  it.scopedLive("tells all that one transaction changed, in its order", () =>
    Effect.gen(function* () {
      const { confirmations, operations, settled, since } = yield* opened
      const start = confirmations.length
      const all: ReadonlyArray<Change> = [keyChange(), { _tag: "Tenants" }, ...Array.from({ length: 300 }, keyChange)]
      yield* operations.change("many", (_, tell) => Effect.sync(() => all.forEach(tell)))
      yield* settled
      assert.deepStrictEqual(since(start), all)
    })
  )
}

const absenceTests = (opened: Opened) => {
  it.scopedLive("is silent while the store cannot be asked, and then tells what happened meanwhile", () =>
    Effect.gen(function* () {
      const { change, confirmations, setDown, settled, since } = yield* opened
      yield* setDown(true)
      yield* Effect.sleep("500 millis")
      const start = confirmations.length
      const all = Array.from({ length: 5 }, keyChange)
      yield* Effect.forEach(all, change)
      yield* Effect.sleep("1 second")
      assert.strictEqual(confirmations.length, start)
      yield* setDown(false)
      yield* settled
      assert.deepStrictEqual(since(start), all)
      assert.isFalse(confirmations.some(({ missed }) => missed))
    })
  )

  it.scopedLive("says that something was missed when it was forgotten meanwhile, once", () =>
    Effect.gen(function* () {
      const { change, confirmations, database, prefix, run, setDown, settled, since } = yield* opened
      yield* setDown(true)
      yield* Effect.sleep("500 millis")
      yield* change(keyChange())
      yield* run(`update ${prefix}apikeys_changes set recorded_at = recorded_at - 301000`)
      // Another process, the first change of which forgets what is old.
      const other = makeOperations(database, timeout, makeChangeLog(database, makeDialect(database)).append)
      const last = keyChange()
      yield* other.change("other", (_, tell) => Effect.sync(() => tell(last)))
      const start = confirmations.length
      yield* setDown(false)
      yield* settled
      assert.strictEqual(confirmations.slice(start).filter(({ missed }) => missed).length, 1)
      const next = keyChange()
      const later = confirmations.length
      yield* change(next)
      yield* settled
      assert.deepStrictEqual(since(later), [next])
      assert.strictEqual(confirmations.filter(({ missed }) => missed).length, 1)
    })
  )

  it.scopedLive("keeps what is younger", () =>
    Effect.gen(function* () {
      const { change, database, log, prefix, run } = yield* opened
      const { last: seen } = yield* database.read((connection) => log.readAfter(connection, null))
      const all = [keyChange(), keyChange(), keyChange()]
      yield* Effect.forEach(all, change)
      yield* run(`update ${prefix}apikeys_changes set recorded_at = recorded_at - 240000`)
      const other = makeOperations(database, timeout, makeChangeLog(database, makeDialect(database)).append)
      yield* other.change("other", (_, tell) => Effect.sync(() => tell({ _tag: "Tenants" })))
      const { last, ...news } = yield* database.read((connection) => log.readAfter(connection, seen))
      assert.strictEqual(last.number, seen.number + 4)
      assert.deepStrictEqual(news, { changes: [...all, { _tag: "Tenants" }], missed: false })
    })
  )

  it.scopedLive("says so too when there is more than is worth telling, and when it does not know what it reads", () =>
    Effect.gen(function* () {
      const { change, database, log, operations, prefix, run } = yield* opened
      const read = (seen: Seen | null) => database.read((connection) => log.readAfter(connection, seen))
      const { last: before } = yield* read(null)
      yield* change(keyChange())
      const { last: first } = yield* read(before)
      const all = Array.from({ length: 1000 }, keyChange)
      yield* operations.change("many", (_, tell) => Effect.sync(() => all.forEach(tell)))
      const { last } = yield* read(null)
      assert.strictEqual(last.number, before.number + 1001)
      assert.deepStrictEqual(yield* read(before), { last, changes: [], missed: true })
      assert.deepStrictEqual(yield* read(first), { last, changes: all, missed: false })
      yield* change(keyChange())
      yield* run(`update ${prefix}apikeys_changes set what = 'Future' where sequence = ${last.number + 1}`)
      assert.deepInclude(yield* read(last), { changes: [], missed: true })
    })
  )

  it.scopedLive("says so too when a backup took the place of what was", () =>
    Effect.gen(function* () {
      const { change, confirmations, prefix, run, settled, since } = yield* opened
      yield* change(keyChange())
      yield* settled
      const start = confirmations.length
      yield* run(`update ${prefix}apikeys_change_sequence set last_sequence = 0`)
      yield* run(`delete from ${prefix}apikeys_changes`)
      yield* settled
      assert.isTrue(confirmations.slice(start).some(({ missed }) => missed))
      const next = keyChange()
      const later = confirmations.length
      yield* change(next)
      yield* settled
      assert.deepStrictEqual(since(later), [next])
    })
  )

  for (const [made, lost] of [
    [1, 2],
    [2, 2],
    [4, 2]
  ] as const) {
    it.scopedLive(
      `says so too when a backup that lacks ${lost} changes took its place, and ${made} were made since`,
      () =>
        Effect.gen(function* () {
          const { change, confirmations, database, prefix, settled, since } = yield* opened
          const backUp = database.read((connection) =>
            connection.executeUnprepared(`select * from ${prefix}apikeys_change_sequence where id = 1`, [], undefined)
          )
          yield* Effect.forEach([1, 2, 3], () => change(keyChange()))
          const [{ last_mark, last_sequence, previous_mark }] = (yield* backUp) as unknown as [Record<string, unknown>]
          yield* Effect.forEach(Array.from({ length: lost }), () => change(keyChange()))
          yield* settled
          const start = confirmations.length
          // In one transaction, so that no look comes in between.
          yield* makeOperations(database, timeout, makeChangeLog(database, makeDialect(database)).append).change(
            "restore",
            (connection, tell) =>
              Effect.gen(function* () {
                for (const statement of [
                  `delete from ${prefix}apikeys_changes where sequence > ${last_sequence}`,
                  `update ${prefix}apikeys_change_sequence set last_sequence = ${last_sequence}, last_mark = '${last_mark}',
                  previous_mark = '${previous_mark}' where id = 1`
                ]) {
                  yield* connection.executeUnprepared(statement, [], undefined)
                }
                for (let i = 0; i < made; i++) tell(keyChange())
              })
          )
          yield* settled
          assert.deepStrictEqual(since(start), [])
          assert.strictEqual(confirmations.slice(start).filter(({ missed }) => missed).length, 1)
          const next = keyChange()
          const later = confirmations.length
          yield* change(next)
          yield* settled
          assert.deepStrictEqual(since(later), [next])
        })
    )
  }
}
