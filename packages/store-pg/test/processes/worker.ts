import { StoreHealth } from "@apikeys/core"
import { SchemaVersion } from "@apikeys/store-sql"
import { Effect } from "effect"
import { type LoadInput, load } from "../../../store-sql/test/processes/load.js"
import { stand } from "../../../store-sql/test/processes/standing.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import type { StandingInput } from "../../../store-sql/test/suites/standingSuite.js"
import { PgStore } from "../../src/index.js"
import { openOwnDatabase } from "../../src/PgOpening.js"

const jobs = {
  load: (input: LoadInput) => Effect.provide(load(input), PgStore.layer({ url: input.url, timeout: "30 seconds" })),

  /** Opens a store as an application does at its start, and asks it something. */
  open: (url: string) =>
    StoreHealth.pipe(
      Effect.flatMap(({ ping }) => ping),
      Effect.as("open" as const),
      Effect.provide(PgStore.layer({ url, timeout: "20 seconds" }))
    ),

  stand: (input: StandingInput) =>
    Effect.scoped(
      Effect.flatMap(openOwnDatabase({ url: input.url, timeout: input.timeout }), (database) => stand(database, input))
    ),

  /** Migrates, and stays in the middle of it for a minute. */
  migrateForever: (url: string) =>
    Effect.gen(function* () {
      const database = yield* openOwnDatabase({ url })
      const { migrations, ...schema } = database.schema
      const halfWay = migrations[0]?.statements.slice(0, 4) ?? []
      const endless = { id: 1, name: "endless", compatibleWith: 1, statements: [...halfWay, "select pg_sleep(60)"] }
      return yield* SchemaVersion.migrate({ ...database, schema: { ...schema, migrations: [endless] } })
    }).pipe(Effect.scoped)
}

export type PgJobs = typeof jobs

takeJobs(jobs)
