import { NotFoundError, StoreError } from "@apikeys/core"
import { SqlError } from "@effect/sql/SqlError"
import { makeCompilerSqlite } from "@effect/sql/Statement"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Schema } from "effect"
import type { Database, Failure } from "../src/Database.js"
import { guarded, makeOperations } from "../src/Operations.js"
import type { Script } from "../src/Script.js"

const failures: Readonly<Record<string, Failure>> = {
  deadlock: { code: "DEADLOCK", retryable: true, undone: true },
  outage: { code: "OUTAGE", retryable: true, undone: false },
  bug: { code: "BUG", retryable: false, undone: false }
}

const unused = () => Effect.dieMessage("not of this test")

/** A database of which only the meaning of errors matters. */
const database: Database = {
  driver: "stub",
  compiler: makeCompilerSqlite(),
  tablePrefix: "",
  columns: {
    id: Schema.String,
    instant: Schema.DateTimeUtcFromNumber,
    json: Schema.parseJson(),
    bytes: Schema.Uint8ArrayFromSelf,
    integer: Schema.Number,
    encode: { id: String, instant: Number, json: JSON.stringify, bytes: (bytes) => bytes }
  },
  nowMillis: "0",
  rowLocks: { share: "", update: "" },
  affected: unused,
  read: unused,
  scripts: null,
  transact: unused,
  classify: (error) => {
    const kind = error instanceof SqlError ? error.cause : error
    return failures[String(kind)] ?? { code: "unknown", retryable: false, undone: false }
  },
  waitingFor: () => null,
  signals: { channel: null, version: null, replacements: null, listen: null },
  schema: { migrations: [], recordTable: "", findRecordTable: "", migrateAlone: unused }
}

const sqlError = (kind: string) => new SqlError({ cause: kind, message: "a row, with everything in it" })

const call = <A, E>(effect: Effect.Effect<A, E>, timeout = 5000) => guarded(database, timeout, "Store.call", effect)

describe("a call of a store", () => {
  it.live("passes on errors of the domain", () =>
    Effect.gen(function* () {
      const error = new NotFoundError({ entity: "key", id: null })
      assert.strictEqual(yield* Effect.flip(call(Effect.fail(error))), error)
    })
  )

  it.live("makes one kind of error of whatever else goes wrong, failures and defects alike", () =>
    Effect.gen(function* () {
      const outage = { operation: "Store.call", retryable: true, reason: "stub OUTAGE" }
      const cases = [
        [Effect.fail(sqlError("outage")), outage],
        [Effect.die(sqlError("outage")), outage],
        [Effect.die("outage"), outage],
        [Effect.fail(sqlError("bug")), { ...outage, retryable: false, reason: "stub BUG" }],
        [Effect.die(new Error("a row")), { ...outage, retryable: false, reason: "stub unknown" }]
      ] as const
      for (const [effect, expected] of cases) {
        const error: unknown = yield* Effect.flip(call<never, unknown>(effect))
        assert.instanceOf(error, StoreError)
        assert.deepInclude(error, expected)
        assert.notInclude(`${(error as StoreError).stack} ${JSON.stringify(error)}`, "a row")
      }
    })
  )

  it.live("makes no error of an interruption, nor of one with a failure beside it", () =>
    Effect.gen(function* () {
      const interrupted = yield* Effect.exit(call(Effect.interrupt))
      assert.isTrue(Exit.isFailure(interrupted) && Cause.isInterruptedOnly(interrupted.cause))
      const both = Cause.parallel(Cause.die("outage"), Cause.interrupt(yield* Effect.fiberId))
      const mixed = yield* Effect.exit(call(Effect.failCause(both)))
      assert.isTrue(Exit.isFailure(mixed) && Cause.isInterruptedOnly(mixed.cause))
    })
  )

  it.live("repeats what the database undid, and nothing else", () =>
    Effect.gen(function* () {
      const attempts = { deadlock: 0, outage: 0, domain: 0 }
      const value = yield* call(
        Effect.suspend(() => (++attempts.deadlock < 5 ? Effect.fail(sqlError("deadlock")) : Effect.succeed("done")))
      )
      assert.strictEqual(value, "done")
      const attempt = (kind: "outage" | "domain") => Effect.sync(() => attempts[kind]++)
      yield* Effect.flip(call(Effect.zipRight(attempt("outage"), Effect.fail(sqlError("outage")))))
      yield* Effect.flip(call(Effect.zipRight(attempt("domain"), Effect.fail("no"))))
      assert.deepStrictEqual(attempts, { deadlock: 5, outage: 1, domain: 1 })
    })
  )

  it.live("repeats a defect that the database undid: some commits fail as one", () =>
    Effect.gen(function* () {
      let attempts = 0
      yield* call(Effect.suspend(() => (++attempts < 3 ? Effect.die(sqlError("deadlock")) : Effect.void)))
      assert.strictEqual(attempts, 3)
    })
  )

  it.live("ends at its deadline, with what it waited for", () =>
    Effect.gen(function* () {
      const always = call(Effect.fail(sqlError("deadlock")), 150)
      assert.deepInclude(yield* Effect.flip(always), { retryable: true, reason: "stub timeout" })
      const waiting = guarded({ ...database, waitingFor: () => "LOCK" }, 50, "Store.call", Effect.never)
      assert.deepInclude(yield* Effect.flip(waiting), { retryable: true, reason: "stub LOCK" })
    })
  )

  it.live(
    "takes the database's own way where it need not wait, and a connection and a deadline where it has to repeat",
    () =>
      Effect.gen(function* () {
        const calls = (own: Effect.Effect<string, SqlError> | null, patient: Effect.Effect<string, SqlError>) => {
          const scripted = () => own as Effect.Effect<never, SqlError> | null
          const { count, readBy } = makeOperations(
            {
              ...database,
              scripts: { read: scripted, count: scripted },
              read: () => patient as Effect.Effect<never, SqlError>,
              transact: () => patient as Effect.Effect<never, SqlError>
            },
            150,
            () => Effect.void
          )
          const script = (): Script<string> => assert.fail("only the stubs run")
          return [readBy("Store.call", script), count("Store.call", script)]
        }
        const own = Effect.succeed("own")
        const patient = Effect.succeed("patient")
        const cases = [
          [own, patient, "own"],
          [null, patient, "patient"],
          [Effect.fail(sqlError("deadlock")), patient, "patient"],
          [Effect.die(sqlError("deadlock")), patient, "patient"]
        ] as const
        for (const [first, second, expected] of cases) {
          for (const outcome of calls(first, second)) assert.strictEqual(yield* outcome, expected)
        }
        for (const outcome of calls(Effect.fail(sqlError("outage")), patient)) {
          assert.deepInclude(yield* Effect.flip(outcome), { retryable: true, reason: "stub OUTAGE" })
        }
        for (const outcome of calls(null, Effect.fail(sqlError("deadlock")))) {
          assert.deepInclude(yield* Effect.flip(outcome), { operation: "Store.call", reason: "stub timeout" })
        }
        // What was undone late leaves what comes after it but the rest of the time.
        for (const outcome of calls(Effect.delay(Effect.fail(sqlError("deadlock")), 2 * 150), Effect.never)) {
          const began = performance.now()
          assert.deepInclude(yield* Effect.flip(outcome), { reason: "stub timeout" })
          assert.isBelow(performance.now() - began, 2 * 150 + 140)
        }
      })
  )

  it.live("has a span where its caller has one", () =>
    Effect.gen(function* () {
      const name = call(
        Effect.map(Effect.option(Effect.currentSpan), (span) => (span._tag === "Some" ? span.value.name : null))
      )
      assert.strictEqual(yield* name, null)
      assert.strictEqual(yield* Effect.withSpan(name, "request"), "Store.call")
    })
  )
})
