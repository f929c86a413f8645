import type { Script } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Schedule } from "effect"
import { withConnection } from "../../../scripts/services/testing.js"
import { ask, insert, inserting, one, opened, outcomeOf, query, stored, timeout, url } from "./openScripts.js"
import { startProxy } from "./proxy.js"

/** What a busy machine may take on top. */
const slack = 4000

/** Runs while another connection holds a lock on a table of nothing. */
const whileLocked = <A, E>(use: (end: Effect.Effect<void>) => Effect.Effect<A, E>) =>
  Effect.async<A, E>((resume) => {
    withConnection(url, async (run) => {
      await run("begin; lock table other in access exclusive mode")
      let open = true
      const end = Effect.promise(async () => {
        if (open) await run("rollback")
        open = false
      })
      resume(await Effect.runPromiseExit(use(end)))
      await Effect.runPromise(end)
    })
  })

const waitUntil = (statement: string) =>
  query(statement).pipe(
    Effect.filterOrFail((rows) => rows.length > 0),
    Effect.retry(Schedule.intersect(Schedule.spaced("20 millis"), Schedule.recurs(100)))
  )

const lockWaiters = `select pid from pg_stat_activity
where application_name = 'apikeys' and datname = current_database() and wait_event_type = 'Lock'`

describe("scripts over a pool of our own", () => {
  it.scopedLive("are given rows, as objects or as lists, and what they counted is committed", () =>
    Effect.gen(function* () {
      const { count, isClean, read } = yield* opened()
      const script = function* (): Script<ReadonlyArray<unknown>> {
        yield* inserting(1, 2)
        const rows = yield { ...ask("select id from things order by id"), before: [insert(3), insert(4)] }
        yield { ...insert(6), before: [insert(5)], last: true }
        return rows
      }
      assert.deepStrictEqual(yield* count(script), [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }])
      assert.deepStrictEqual(yield* stored, [1, 2, 3, 4, 5, 6])
      assert.deepStrictEqual(yield* read(() => one(ask("select id, 7::bigint from things where id > 5", [], true))), [
        [6, 7]
      ])
      yield* isClean
    })
  )

  it.scopedLive("leave nothing behind where a statement fails or the script throws, and the next one goes on", () =>
    Effect.gen(function* () {
      const { count, isClean } = yield* opened()
      const missing = ask("insert into missing values (1)")
      const failing: ReadonlyArray<() => Script<unknown>> = [
        () => one(missing),
        () => one({ ...insert(1), before: [missing], last: true }),
        function* () {
          yield insert(1)
          yield missing
        },
        // The commit goes along with what fails before it, and is a rollback then.
        function* () {
          yield insert(1)
          yield { ...insert(2), before: [missing], last: true }
        },
        function* () {
          yield insert(1)
          yield { ...missing, before: [insert(2)], last: true }
        }
      ]
      for (const script of failing) {
        assert.deepInclude(yield* outcomeOf(count(script)), { code: "42P01", retryable: false })
        yield* isClean
      }
      const throwing = function* (): Script<void> {
        yield insert(1)
        throw new Error("thrown")
      }
      assert.isTrue(Exit.isFailure(yield* Effect.exit(count(throwing))))
      yield* isClean
      yield* count(() => inserting(3))
      assert.deepStrictEqual(yield* stored, [3])
    })
  )

  it.scopedLive("are not committed where a constraint is found violated at the commit", () =>
    Effect.gen(function* () {
      const { count, isClean } = yield* opened()
      yield* query("create table late (id int unique deferrable initially deferred)")
      const twice = (last: boolean) =>
        function* (): Script<void> {
          yield ask("insert into late values (1)")
          yield { ...ask("insert into late values (1)"), last }
        }
      for (const last of [true, false]) {
        assert.deepInclude(yield* outcomeOf(count(twice(last))), { code: "23505", undone: true })
        yield* isClean
      }
    })
  )

  it.scopedLive("fail where the server says that it rolled back instead of committing", () =>
    Effect.gen(function* () {
      let aborts = false
      const proxy = yield* startProxy(url, (sent) =>
        aborts ? Buffer.from(sent.toString("latin1").replace("commit\0", "abort \0"), "latin1") : sent
      )
      const { count, isClean } = yield* opened(proxy.url)
      aborts = true
      const last = function* (): Script<void> {
        yield insert(1)
        yield { ...insert(2), last: true }
      }
      for (const script of [() => inserting(1), last]) {
        assert.deepInclude(yield* outcomeOf(count(script)), { code: "40000", retryable: true, undone: false })
      }
      aborts = false
      yield* isClean
      assert.deepStrictEqual(yield* stored, [])
    })
  )

  it.scopedLive("change nothing where a transaction was not begun", () =>
    Effect.gen(function* () {
      const broken = (sent: Buffer) => Buffer.from(sent.toString("latin1").replace("begin iso", "begim iso"), "latin1")
      const proxy = yield* startProxy(url, broken)
      // The store itself opens with a transaction.
      yield* Effect.flip(opened(proxy.url))
      let breaks = false
      const later = yield* startProxy(url, (sent) => (breaks ? broken(sent) : sent))
      const { count } = yield* opened(later.url)
      breaks = true
      assert.deepInclude(yield* outcomeOf(count(() => inserting(1))), { code: "42601" })
      const locked = { ...ask("select 1 as one"), before: [ask("select id from things for update")] }
      assert.deepInclude(yield* outcomeOf(count(() => one(locked))), { code: "42601" })
      assert.deepInclude(yield* outcomeOf(count(() => one({ ...insert(1), last: true }))), { code: "42601" })
      breaks = false
      yield* count(() => inserting(2))
      assert.deepStrictEqual(yield* stored, [2])
    })
  )
})

describe("the deadline of a script", () => {
  it.scopedLive("counts the wait for a connection", () =>
    Effect.gen(function* () {
      const { count, database, isClean, read } = yield* opened()
      const hogging = yield* Effect.fork(database.read(() => Effect.sleep("1300 millis")))
      yield* Effect.sleep("100 millis")
      const outcomes = yield* Effect.all(
        [...Array(10).keys()].map((i) =>
          outcomeOf(i % 2 === 0 ? read(() => one(ask("select 1"))) : count(() => inserting(i)))
        ),
        { concurrency: "unbounded" }
      )
      for (const { code, elapsed, retryable } of outcomes) {
        assert.include(["timeout", "pool_timeout"], code)
        assert.isTrue(retryable)
        assert.isAtLeast(elapsed, timeout - 100)
        assert.isBelow(elapsed, timeout + slack)
      }
      yield* Fiber.join(hogging)
      yield* isClean
      assert.deepStrictEqual(yield* stored, [])
    })
  )

  it.scopedLive("is that of a read that would never come back: the server ends it, and the connection serves on", () =>
    Effect.gen(function* () {
      const { read } = yield* opened()
      const pid = read(() => one(ask("select pg_backend_pid() as pid")))
      const before = yield* pid
      const outcome = yield* outcomeOf(read(() => one(ask("select pg_sleep(30)"))))
      assert.include(["timeout", "57014"], outcome.code)
      assert.isTrue(outcome.retryable)
      assert.isBelow(outcome.elapsed, timeout + slack)
      assert.deepStrictEqual(yield* Effect.retry(pid, { times: 5 }), before)
    })
  )

  it.scopedLive("holds behind a pooler as well, which gives another process than it talks to", () =>
    Effect.gen(function* () {
      // Who asks whether they are one is asked about another.
      const proxy = yield* startProxy(url, (sent) =>
        Buffer.from(sent.toString("latin1").replace("pg_backend_pid() = $2", "pg_backend_pid() < $2"), "latin1")
      )
      const { database, read } = yield* opened(proxy.url)
      const setting = ask("select current_setting('statement_timeout') as most")
      assert.deepStrictEqual(yield* read(() => one(setting)), [{ most: "1s" }])
      assert.deepStrictEqual(yield* database.read((connection) => connection.execute(setting.text, [], undefined)), [
        { most: "1s" }
      ])
      // What others would find who are lent the connection.
      const outside = yield* database.transact("change", (connection) =>
        connection.executeUnprepared(`rollback; ${setting.text}`, [], undefined)
      )
      assert.deepStrictEqual(outside, [[], [{ most: "0" }]])
      const outcome = yield* outcomeOf(read(() => one(ask("select pg_sleep(30)"))))
      assert.include(["timeout", "57014"], outcome.code)
    })
  )

  it.scopedLive("is that of a lock, too, which the server ends by itself: the connection serves on", () =>
    Effect.gen(function* () {
      const { count, isClean, read } = yield* opened()
      const pid = read(() => one(ask("select pg_backend_pid() as pid")))
      const before = yield* pid
      const waiting = function* (): Script<void> {
        yield insert(1)
        yield ask("select 1 from other")
      }
      yield* whileLocked(() =>
        Effect.gen(function* () {
          const outcome = yield* outcomeOf(count(waiting))
          assert.include(["timeout", "55P03"], outcome.code)
          assert.isTrue(outcome.retryable)
          assert.isBelow(outcome.elapsed, timeout + slack)
          yield* Effect.retry(isClean, { times: 5 })
        })
      )
      assert.deepStrictEqual(yield* pid, before)
      assert.deepStrictEqual(yield* stored, [])
    })
  )
})

describe("a script in a transaction", () => {
  const waiting = function* (): Script<void> {
    yield insert(1)
    yield { ...ask("select 1 from other"), before: [insert(2)] }
    yield { ...insert(3), last: true }
  }

  it.scopedLive("that is interrupted is rolled back, and nobody waits for that", () =>
    Effect.gen(function* () {
      const { count, isClean } = yield* opened()
      yield* whileLocked((end) =>
        Effect.gen(function* () {
          const counting = yield* Effect.fork(count(waiting))
          yield* waitUntil(lockWaiters)
          const began = performance.now()
          const exit = yield* Fiber.interrupt(counting)
          assert.isBelow(performance.now() - began, 500)
          assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
          yield* end
        })
      )
      yield* isClean
      assert.deepStrictEqual(yield* stored, [])
    })
  )

  it.scopedLive("whose connection is ended fails with a retryable error, and leaves nothing", () =>
    Effect.gen(function* () {
      const { count, isClean } = yield* opened()
      yield* whileLocked(() =>
        Effect.gen(function* () {
          const counting = yield* Effect.fork(outcomeOf(count(waiting)))
          yield* waitUntil(lockWaiters)
          yield* query(`select pg_terminate_backend(pid) from (${lockWaiters}) w`)
          assert.deepInclude(yield* Fiber.join(counting), { retryable: true, undone: false })
        })
      )
      yield* Effect.retry(isClean, { times: 5 })
      assert.deepStrictEqual(yield* stored, [])
    })
  )

  it.scopedLive("waits no longer for a lock than a call may take, and so the server says", () =>
    Effect.gen(function* () {
      const { count } = yield* opened()
      const settings = ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"]
      const columns = [...settings, "transaction_isolation"].map((name) => `current_setting('${name}') as ${name}`)
      assert.deepStrictEqual(yield* count(() => one(ask(`select ${columns.join(", ")}`))), [
        {
          ...Object.fromEntries(settings.map((name) => [name, "1s"])),
          transaction_isolation: "read committed"
        }
      ])
    })
  )
})
