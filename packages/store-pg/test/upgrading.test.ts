import { SchemaVersion, SqlStore } from "@apikeys/store-sql"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { testDatabase } from "../../../scripts/services/testing.js"
import { fillVersion1, makeVersion1, refusesVersion1, servesVersion1 } from "../../store-sql/test/upgrade/version1.js"
import { openOwnDatabase } from "../src/PgOpening.js"

const { url } = await testDatabase("pg")

const literals = {
  id: (uuid: string) => `'${uuid}'`,
  instant: (date: Date) => `'${date.toISOString()}'`,
  bytes: (hex: string) => `'\\x${hex}'`
}

it.scopedLive("a database of version 1 is upgraded with all that is in it, and refused by code of version 1 then", () =>
  Effect.gen(function* () {
    const database = yield* openOwnDatabase({ url, timeout: "20 seconds" })
    const rows = makeVersion1()
    yield* fillVersion1(database, rows, literals)
    assert.strictEqual((yield* SchemaVersion.migrate(database)).before, 1)
    yield* refusesVersion1(database)
    const ports = SqlStore.make(database, { timeout: 20_000, time: "store" })
    yield* servesVersion1(rows, ports)
  })
)
