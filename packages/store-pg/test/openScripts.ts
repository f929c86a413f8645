import type { Query, Script } from "@apikeys/store-sql"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { classify } from "../src/PgFailure.js"
import { openOwnDatabase } from "../src/PgOpening.js"

/** A database with tables for scripts, of the test file alone. */
export const { url } = await testDatabase("pg")
await withConnection(url, (run) => run("create table things (id int primary key); create table other (id int)"))

export const timeout = 1000

export const query = (statement: string) => Effect.promise(() => withConnection(url, (run) => run(statement)))

export const ask = (text: string, params: ReadonlyArray<unknown> = [], asValues = false): Query => ({
  text,
  params,
  asValues
})

export const insert = (id: number): Query => ask("insert into things (id) values ($1)", [id])

export const one = function* (asked: Query): Script<ReadonlyArray<unknown>> {
  return yield asked
}

export const inserting = function* (...ids: ReadonlyArray<number>): Script<void> {
  for (const id of ids) yield insert(id)
}

export const stored = Effect.map(query("select id from things order by id"), (rows) => rows.map(({ id }) => id))

/** One connection alone, so that whatever is left behind on it shows. */
export const opened = (address = url, max = 1) =>
  Effect.gen(function* () {
    yield* query("truncate things")
    const database = yield* openOwnDatabase({ url: address, timeout, pool: { max } })
    const { scripts } = database
    if (scripts === null) return yield* Effect.dieMessage("a pool of our own runs scripts")
    const read = <A>(script: () => Script<A>) => scripts.read(script) ?? Effect.dieMessage("never waits")
    const count = <A>(script: () => Script<A>) => scripts.count(script) ?? Effect.dieMessage("never waits")
    const kept = Effect.map(
      read(() => one(ask("select name, statement, generic_plans + custom_plans as plans from pg_prepared_statements"))),
      (rows) => rows as ReadonlyArray<{ readonly name: string; readonly statement: string; readonly plans: number }>
    )
    const isClean = Effect.map(
      database.read((connection) => connection.execute("select now() = statement_timestamp() as clean", [], undefined)),
      (rows) => assert.deepStrictEqual(rows, [{ clean: true }])
    )
    return { database, read, count, kept, isClean }
  })

export const outcomeOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(Effect.flip(effect), (error) => ({ ...classify(error), elapsed: performance.now() - began }))
  })
