import { StoreHealth } from "@apikeys/core"
import { SchemaVersion } from "@apikeys/store-sql"
import { Effect } from "effect"
import { MysqlStore } from "../../src/index.js"
import { openDatabase } from "../../src/MysqlDatabase.js"
import { makeSettings } from "../../src/MysqlSettings.js"

/** Opens a store as an application does at its start, and asks it something. */
export const open = (url: string): Effect.Effect<"open", unknown> =>
  StoreHealth.pipe(
    Effect.flatMap(({ ping }) => ping),
    Effect.as("open" as const),
    Effect.provide(MysqlStore.layer({ url, timeout: "20 seconds" }))
  )

/** Migrates, and stays in the middle of it for a minute. */
export const migrateForever = (url: string): Effect.Effect<unknown, unknown> =>
  Effect.gen(function* () {
    const database = yield* Effect.flatMap(makeSettings({ url, timeout: "20 seconds" }), openDatabase)
    const { migrations, ...schema } = database.schema
    const halfWay = migrations[0]?.statements.slice(0, 4) ?? []
    const endless = { id: 1, name: "endless", compatibleWith: 1, statements: [...halfWay, "do sleep(60)"] }
    return yield* SchemaVersion.migrate({ ...database, schema: { ...schema, migrations: [endless] } })
  }).pipe(Effect.scoped)
