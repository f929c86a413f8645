import { type Database, SchemaVersion, SqlStore } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { fillVersion1, makeVersion1, refusesVersion1, servesVersion1 } from "../../store-sql/test/upgrade/version1.js"
import { MysqlStore } from "../src/index.js"
import { openDatabase } from "../src/MysqlDatabase.js"
import { makeSettings } from "../src/MysqlSettings.js"

const literals = {
  id: (uuid: string) => `x'${uuid.replaceAll("-", "")}'`,
  instant: (date: Date) => `'${date.toISOString().slice(0, -1).replace("T", " ")}'`,
  bytes: (hex: string) => `x'${hex}'`
}

const statements = MysqlStore.migrations.slice(1).flatMap((migration) => migration.statements)

/** The database, as if its server stopped after so many statements of the migrations behind the first. */
const stoppingAfter = (database: Database, count: number): Database => {
  const [initial] = database.schema.migrations
  const broken = {
    id: 2,
    name: "stops",
    compatibleWith: 1,
    statements: [...statements.slice(0, count), "select nothing from nowhere"]
  }
  const migrations = initial === undefined ? [] : [initial, broken]
  return { ...database, schema: { ...database.schema, migrations } }
}

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)
  describe(title, () => {
    it.scopedLive(
      "a database of version 1 is upgraded with all that is in it, wherever the first tries stopped",
      () =>
        Effect.gen(function* () {
          const database = yield* Effect.flatMap(makeSettings({ url, timeout: "20 seconds" }), openDatabase)
          const rows = makeVersion1()
          yield* fillVersion1(database, rows, literals)
          for (let count = 0; count <= statements.length; count++) {
            const error = yield* Effect.flip(SchemaVersion.migrate(stoppingAfter(database, count)))
            assert.match(error.reason, /ER_NO_SUCH_TABLE/)
          }
          assert.strictEqual((yield* SchemaVersion.migrate(database)).before, 1)
          yield* refusesVersion1(database)
          const ports = SqlStore.make(database, { timeout: 20_000, time: "store" })
          yield* servesVersion1(rows, ports)
        }),
      120_000
    )
  })
}
