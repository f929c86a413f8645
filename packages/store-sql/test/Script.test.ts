import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type Query, runScript, runScriptNow, type Script, together } from "../src/Script.js"

const ask = (text: string, asValues = false): Query => ({ text, params: [text], asValues })

const twice = function* (): Script<ReadonlyArray<unknown>> {
  const first = yield ask("first")
  const second = yield ask("second", true)
  return [...first, ...second]
}

const answer = ({ asValues, params, text }: Query): ReadonlyArray<ReadonlyArray<unknown>> =>
  asValues ? [[text, ...params]] : ([{ text, params }] as never)

const execute = (sql: string, params: ReadonlyArray<unknown>, asValues: boolean) =>
  sql === "broken"
    ? Effect.fail(new SqlError({ cause: "broken" }))
    : Effect.succeed(answer({ text: sql, params, asValues }))

const connection: Connection = {
  execute: (sql, params) => execute(sql, params, false),
  executeRaw: () => Effect.dieMessage("not for scripts"),
  executeValues: (sql, params) => execute(sql, params, true),
  executeUnprepared: () => Effect.dieMessage("not for scripts"),
  executeStream: () => Stream.empty
}

const grouped = function* (): Script<ReadonlyArray<unknown>> {
  return yield { ...ask("third"), before: [ask("first"), ask("second", true)], last: true }
}

const expected = [{ text: "first", params: ["first"] }, ["second", "second"]]

describe("a script", () => {
  it("runs at once, each statement given the rows of the one before", () => {
    assert.deepStrictEqual(runScriptNow(twice(), answer), expected)
  })

  it.effect("runs what stands before a statement, and is given the rows of that one alone", () =>
    Effect.gen(function* () {
      const third = [{ text: "third", params: ["third"] }]
      const asked: Array<string> = []
      const asking = (query: Query) => {
        asked.push(query.text)
        return answer(query)
      }
      assert.deepStrictEqual(runScriptNow(grouped(), asking), third)
      assert.deepStrictEqual(asked, ["first", "second", "third"])
      const executed: Array<string> = []
      const record = (sql: string) => Effect.sync(() => executed.push(sql))
      const recording: Connection = {
        ...connection,
        execute: (sql, params) => Effect.zipRight(record(sql), execute(sql, params, false)),
        executeValues: (sql, params) => Effect.zipRight(record(sql), execute(sql, params, true))
      }
      assert.deepStrictEqual(yield* runScript(recording, grouped()), third)
      assert.deepStrictEqual(executed, ["first", "second", "third"])
    })
  )

  it("puts statements together of which only the last one's rows are needed", () => {
    const [first, second, third] = [ask("first"), ask("second"), ask("third")]
    assert.isUndefined(together([]))
    assert.strictEqual(together([first]), first)
    assert.deepStrictEqual(together([first, second, third]), { ...third, before: [first, second] })
  })

  it("throws what a statement throws", () => {
    const broken = () => {
      throw new Error("broken")
    }
    assert.throws(() => runScriptNow(twice(), broken), "broken")
  })

  it.effect("runs over a connection, and fails where a statement fails", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* runScript(connection, twice()), expected)
      const broken = function* (): Script<void> {
        yield ask("first")
        yield ask("broken")
        assert.fail("went on")
      }
      assert.strictEqual((yield* Effect.flip(runScript(connection, broken()))).cause, "broken")
    })
  )
})
