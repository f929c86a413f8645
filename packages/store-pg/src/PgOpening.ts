import { type InvalidInputError, StoreError, type StorePorts } from "@apikeys/core"
import { type Database, guarded, SchemaVersion, SqlStore } from "@apikeys/store-sql"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import { type Context, Effect, type Scope } from "effect"
import { makeDatabase } from "./PgDatabase.js"
import { classify } from "./PgFailure.js"
import type { PgStoreOptions } from "./PgOptions.js"
import { checkServer } from "./PgServer.js"
import { makeSettings, type PgClientSettings, type PgSettings } from "./PgSettings.js"

/** Makes the pool, and fails unless the server answers. */
const openClient = ({
  connection,
  pool,
  timeout
}: PgSettings): Effect.Effect<PgClient.PgClient, StoreError, Scope.Scope> =>
  PgClient.make({
    ...connection,
    applicationName: "apikeys",
    connectTimeout: timeout,
    maxConnections: pool.max,
    minConnections: pool.min,
    idleTimeout: pool.idleTimeout,
    connectionTTL: pool.maxLifetime
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.catchAll((error) => {
      const { code, retryable } = classify(error)
      return new StoreError({ operation: "open", retryable, reason: `pg ${code}` })
    })
  )

/** The database of a client, where the server is one that the store is right on. */
export const openDatabase = (
  client: PgClient.PgClient,
  settings: Pick<PgClientSettings, "schema" | "timeout">
): Effect.Effect<Database, StoreError> => {
  const database = makeDatabase(client, settings)
  return Effect.as(guarded(database, settings.timeout, "open", database.transact("change", checkServer)), database)
}

/** The ports over a client. */
export const openStore = (
  client: PgClient.PgClient,
  settings: PgClientSettings
): Effect.Effect<Context.Context<StorePorts>, StoreError> =>
  Effect.gen(function* () {
    const database = yield* openDatabase(client, settings)
    yield* settings.migrate ? SchemaVersion.migrate(database) : SchemaVersion.check(database, settings.timeout)
    return SqlStore.make(database, settings)
  })

/** The ports over a pool of their own. */
export const openOwnStore = (
  options: PgStoreOptions
): Effect.Effect<Context.Context<StorePorts>, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* makeSettings(options)
    return yield* openStore(yield* openClient(settings), settings)
  })

/** The database over a pool of its own, whatever the state of its schema. */
export const openOwnDatabase = (
  options: PgStoreOptions
): Effect.Effect<Database, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* makeSettings(options)
    return yield* openDatabase(yield* openClient(settings), settings)
  })
