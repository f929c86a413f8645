import { SchemaVersion, SqlStore } from "@apikeys/store-sql"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { fillVersion1, makeVersion1, refusesVersion1, servesVersion1 } from "../../store-sql/test/upgrade/version1.js"
import { openTempDatabase } from "./tempDatabase.js"

const literals = {
  id: (uuid: string) => `'${uuid}'`,
  instant: (date: Date) => String(date.getTime()),
  bytes: (hex: string) => `x'${hex}'`
}

it.scopedLive("a file of version 1 is upgraded with all that is in it, and refused by code of version 1 then", () =>
  Effect.gen(function* () {
    const database = yield* openTempDatabase()
    const rows = makeVersion1()
    yield* fillVersion1(database, rows, literals)
    assert.strictEqual((yield* SchemaVersion.migrate(database)).before, 1)
    yield* refusesVersion1(database)
    const ports = SqlStore.make(database, { timeout: 5000, time: "store" })
    yield* servesVersion1(rows, ports)
  })
)
