import { StoreHealth } from "@apikeys/core"
import { SchemaVersion } from "@apikeys/store-sql"
import { Effect } from "effect"
import { type LoadInput, load } from "../../../store-sql/test/processes/load.js"
import { stand } from "../../../store-sql/test/processes/standing.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import type { StandingInput } from "../../../store-sql/test/suites/standingSuite.js"
import { MysqlStore } from "../../src/index.js"
import { openDatabase } from "../../src/MysqlDatabase.js"
import { makeSettings } from "../../src/MysqlSettings.js"

const jobs = {
  load: (input: LoadInput) => Effect.provide(load(input), MysqlStore.layer({ url: input.url, timeout: "60 seconds" })),

  /** Opens a store as an application does at its start, and asks it something. */
  open: (url: string) =>
    StoreHealth.pipe(
      Effect.flatMap(({ ping }) => ping),
      Effect.as("open" as const),
      Effect.provide(MysqlStore.layer({ url, timeout: "20 seconds" }))
    ),

  stand: (input: StandingInput) =>
    Effect.scoped(
      makeSettings({ url: input.url, timeout: input.timeout }).pipe(
        Effect.flatMap(openDatabase),
        Effect.flatMap((database) => stand(database, input))
      )
    ),

  /** Migrates, and stays in the middle of it for a minute. */
  migrateForever: (url: string) =>
    Effect.gen(function* () {
      const database = yield* Effect.flatMap(makeSettings({ url, timeout: "20 seconds" }), openDatabase)
      const { migrations, ...schema } = database.schema
      const halfWay = migrations[0]?.statements.slice(0, 4) ?? []
      const endless = { id: 1, name: "endless", compatibleWith: 1, statements: [...halfWay, "do sleep(60)"] }
      return yield* SchemaVersion.migrate({ ...database, schema: { ...schema, migrations: [endless] } })
    }).pipe(Effect.scoped)
}

export type MysqlJobs = typeof jobs

takeJobs(jobs)
