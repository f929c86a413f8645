import { StoreError } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

/** What a start finds out about a database. */
export const openingSuite = ({ emptyDatabase, layer, query, title }: SqlBackend): void => {
  const open = (address: string, migrate: boolean) =>
    Effect.provide(Effect.void, layer(address, { migrate, timeout: "20 seconds" }))

  describe(`a start on ${title}`, () => {
    for (const table of ["apikeys_changes", "apikeys_change_sequence", "apikeys_fences"]) {
      it.scopedLive(`fails where no change can be recorded: without ${table}`, () =>
        Effect.gen(function* () {
          const address = yield* emptyDatabase
          yield* open(address, true)
          yield* Effect.promise(() => query(address, `drop table ${table}`))
          for (const migrate of [true, false]) {
            const error = yield* Effect.flip(open(address, migrate))
            assert.instanceOf(error, StoreError)
            assert.strictEqual(error.operation, "open")
          }
        })
      )
    }

    it.scopedLive("leaves nothing of the change that it tries", () =>
      Effect.gen(function* () {
        const address = yield* emptyDatabase
        const logged = Effect.promise(async () => [
          await query(address, "select * from apikeys_change_sequence order by id"),
          await query(address, "select * from apikeys_changes")
        ])
        yield* open(address, true)
        const before = yield* logged
        yield* open(address, true)
        yield* open(address, false)
        assert.deepStrictEqual(yield* logged, before)
        assert.deepStrictEqual(before[1], [])
      })
    )
  })
}
