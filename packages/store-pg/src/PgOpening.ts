import type { InvalidInputError, StoreError, StorePorts } from "@apikeys/core"
import { type Database, guarded, SchemaVersion, type Scripts, SqlStore } from "@apikeys/store-sql"
import type * as PgClient from "@effect/sql-pg/PgClient"
import { type Context, Effect, type Scope } from "effect"
import { makeDatabase } from "./PgDatabase.js"
import type { PgStoreOptions } from "./PgOptions.js"
import { openClient } from "./PgPool.js"
import { makeScripts } from "./PgScripts.js"
import { checkServer } from "./PgServer.js"
import { makeSettings, type PgClientSettings } from "./PgSettings.js"

/** The database of a client, where the server is one that the store is right on. */
export const openDatabase = (
  client: PgClient.PgClient,
  settings: Pick<PgClientSettings, "schema" | "timeout">,
  scripts: Scripts | null = null
): Effect.Effect<Database, StoreError> => {
  const database = makeDatabase(client, settings, scripts)
  return Effect.as(guarded(database, settings.timeout, "open", database.transact("change", checkServer)), database)
}

/** The ports over a client. */
export const openStore = (
  client: PgClient.PgClient,
  settings: PgClientSettings,
  scripts: Scripts | null = null
): Effect.Effect<Context.Context<StorePorts>, StoreError> =>
  Effect.gen(function* () {
    const database = yield* openDatabase(client, settings, scripts)
    yield* settings.migrate ? SchemaVersion.migrate(database) : SchemaVersion.check(database, settings.timeout)
    return yield* SqlStore.open(database, settings)
  })

/** The ports over a pool of their own. */
export const openOwnStore = (
  options: PgStoreOptions
): Effect.Effect<Context.Context<StorePorts>, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* makeSettings(options)
    const { client, pool } = yield* openClient(settings)
    return yield* openStore(client, settings, makeScripts(pool, settings.timeout))
  })

/** The database over a pool of its own, whatever the state of its schema. */
export const openOwnDatabase = (
  options: PgStoreOptions
): Effect.Effect<Database, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* makeSettings(options)
    const { client, pool } = yield* openClient(settings)
    return yield* openDatabase(client, settings, makeScripts(pool, settings.timeout))
  })
