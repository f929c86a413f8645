import { StoreHealth } from "@apikeys/core"
import { SchemaVersion } from "@apikeys/store-sql"
import { Effect } from "effect"
import { SqliteStore } from "../../src/index.js"
import { openDatabase } from "../../src/SqliteDatabase.js"
import { makeSettings } from "../../src/SqliteSettings.js"

/** Opens a store as an application does at its start, and asks it something. */
export const open = (filename: string): Effect.Effect<"open", unknown> =>
  StoreHealth.pipe(
    Effect.flatMap(({ ping }) => ping),
    Effect.as("open" as const),
    Effect.provide(SqliteStore.layer({ filename }))
  )

/** Migrates, and stays in the middle of it for a minute. */
export const migrateForever = (filename: string): Effect.Effect<unknown, unknown> =>
  Effect.gen(function* () {
    const database = yield* Effect.flatMap(makeSettings({ filename }), openDatabase)
    const { migrations, ...schema } = database.schema
    const first = migrations[0]
    const halfWay = first?.statements.slice(0, 4) ?? []
    const forever = "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n"
    const endless = { id: 1, name: "endless", compatibleWith: 1, statements: [...halfWay, forever] }
    return yield* SchemaVersion.migrate({ ...database, schema: { ...schema, migrations: [endless] } })
  }).pipe(Effect.scoped)
