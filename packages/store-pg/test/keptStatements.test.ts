import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, insert, one, opened, outcomeOf, query, stored, url } from "./openScripts.js"

describe("statements that a connection keeps", () => {
  const select = ask("select id from things where id = $1", [1])

  it.scopedLive("go by a name of their own, once a connection", () =>
    Effect.gen(function* () {
      const { kept, read } = yield* opened()
      for (let i = 0; i < 3; i++) yield* read(() => one(select))
      const names = (yield* kept).filter(({ statement }) => statement === select.text)
      assert.strictEqual(names.length, 1)
      assert.match(names[0]?.name ?? "", /^apikeys_\d+_[0-9a-z]+$/)
      assert.strictEqual(Number(names[0]?.plans), 3)
    })
  )

  it.scopedLive("that somebody else removed are asked anew without a name, and no caller sees an error", () =>
    Effect.gen(function* () {
      for (const removed of ["before", "within"] as const) {
        const { count, database, kept, read } = yield* opened()
        const counting = (id: number) => () => one({ ...insert(id), before: [select], last: true })
        yield* read(() => one(select))
        yield* count(counting(1))
        if (removed === "before") {
          yield* database.read((connection) => connection.executeUnprepared("deallocate all", [], undefined))
          yield* count(counting(2))
          assert.deepStrictEqual(yield* read(() => one(select)), [{ id: 1 }])
        } else {
          yield* count(function* () {
            yield ask("deallocate all")
            yield { ...insert(2), last: true }
          })
        }
        assert.deepStrictEqual(yield* stored, [1, 2])
        // From then on, none is kept.
        yield* read(() => one(select))
        assert.deepStrictEqual(
          (yield* kept).filter(({ name }) => name.startsWith("apikeys_")),
          []
        )
      }
    })
  )

  it.scopedLive("are there already where a pooler mixes up connections, and are asked without a name then", () =>
    Effect.gen(function* () {
      const { kept, read } = yield* opened()
      yield* read(() => one(select))
      const [name] = (yield* kept).filter(({ statement }) => statement === select.text).map((each) => each.name)
      const second = yield* opened()
      yield* second.database.read((connection) =>
        connection.executeUnprepared(`prepare "${name}" as select 'another'`, [], undefined)
      )
      assert.deepStrictEqual(yield* second.read(() => one(select)), [])
    })
  )

  it.scopedLive("are made anew when what they give has changed", () =>
    Effect.gen(function* () {
      const { count, read } = yield* opened()
      const all = ask("select * from changing")
      yield* query("create table changing (id int); insert into changing values (1)")
      yield* read(() => one(all))
      yield* query("alter table changing add column name text")
      assert.deepStrictEqual(yield* read(() => one(all)), [{ id: 1, name: null }])
      yield* read(() => one(all))
      yield* query("alter table changing drop column name")
      assert.deepStrictEqual(yield* count(() => one(all)), [{ id: 1 }])
      assert.deepInclude(yield* outcomeOf(read(() => one(ask("select 1; select 2", ["unused"])))), { code: "42601" })
    })
  )

  it.scopedLive("are planned anew, on other connections, once one was slow; but not again and again", () =>
    Effect.gen(function* () {
      const { read } = yield* opened(url, 2)
      const pids = Effect.map(
        Effect.all(
          Array.from({ length: 2 }, () => read(() => one(ask("select pg_backend_pid() as pid, pg_sleep(0.05)")))),
          { concurrency: "unbounded" }
        ),
        (found) => found.map(([row]) => (row as { readonly pid: number }).pid).sort()
      )
      const slow = read(() => one(ask("select pg_sleep($1)", [0.15])))
      const first = yield* pids
      yield* slow
      // The other one is replaced once it was used.
      yield* pids
      const second = yield* pids
      assert.isEmpty(second.filter((pid) => first.includes(pid)))
      yield* slow
      yield* pids
      assert.deepStrictEqual(yield* pids, second)
    })
  )
})
