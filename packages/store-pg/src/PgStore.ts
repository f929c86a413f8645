import { type InvalidInputError, Store, type StoreError, type StoreLayer, type StorePorts } from "@apikeys/core"
import { type Migration, SchemaVersion, toInvalidInput } from "@apikeys/store-sql"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Cause, Config, Effect, Exit, Layer } from "effect"
import { openOwnDatabase, openOwnStore, openStore } from "./PgOpening.js"
import type { PgStoreClientOptions, PgStoreOptions } from "./PgOptions.js"
import { makeSchema, nowMillis } from "./PgSchema.js"
import { makeClientSettings } from "./PgSettings.js"

export type { PgStoreClientOptions, PgStoreOptions }

/** The versions of a schema before and after it was migrated; 0 is no schema at all. */
export type SchemaChange = SchemaVersion.SchemaChange

/**
 * A store in a PostgreSQL database, 15 or newer, over a pool of connections of its own, which closing the layer's
 * scope closes.
 *
 * A server that does not answer, or a schema that does not fit, is a `StoreError` at start.
 *
 * @example
 * ```ts
 * import { ApiKeyClient } from "@apikeys/core"
 * import { PgStore } from "@apikeys/store-pg"
 *
 * const client = await ApiKeyClient.open({
 *   store: PgStore.layer({ url: process.env.APIKEYS_PG_URL }),
 *   signingSecret: process.env.APIKEYS_SIGNING_SECRET
 * })
 * ```
 *
 * @since 0.1.0
 */
export const layer = (options: PgStoreOptions): StoreLayer =>
  Store.fromLayer(Layer.scopedContext(openOwnStore(options)))

const environment: Config.Config<PgStoreOptions> = Config.all({ url: Config.redacted("APIKEYS_PG_URL") })

/**
 * Like {@link layer}, with options from Effect's `Config`: by default the URL that `APIKEYS_PG_URL` holds.
 *
 * @since 0.1.0
 */
export const layerConfig = (options: Config.Config.Wrap<PgStoreOptions> = environment): StoreLayer =>
  Store.fromLayer(
    Layer.scopedContext(
      Config.unwrap(options).pipe(
        Effect.catchAll((error) => toInvalidInput(error)),
        Effect.flatMap(openOwnStore)
      )
    )
  )

/**
 * A store over a `PgClient` that the application has: it shares the pool. Transforms of names that the client
 * makes are not for the store, and a transaction in which a caller is, it does not join: what the store reports
 * as done stays, also when the caller's transaction is rolled back. A call takes a connection of its own, so leave
 * some in the pool for it.
 *
 * @since 0.1.0
 */
export const layerFromClient = (
  options: PgStoreClientOptions = {}
): Layer.Layer<StorePorts, StoreError | InvalidInputError, PgClient.PgClient> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const settings = yield* makeClientSettings(options)
      return yield* openStore(yield* PgClient.PgClient, settings)
    })
  )

/** What is asked of one who migrates. */
export type MigrateOptions = Omit<PgStoreOptions, "migrate" | "time" | "pool">

/**
 * Brings the schema up to date, for deployments that do so as a step of its own, under a user who may, and open
 * their stores with `migrate: false`.
 *
 * @since 0.1.0
 */
export const migrate = (options: MigrateOptions): Effect.Effect<SchemaChange, StoreError | InvalidInputError> =>
  openOwnDatabase(options).pipe(Effect.flatMap(SchemaVersion.migrate), Effect.scoped)

/**
 * {@link migrate} for programs without Effect. Rejects with the very errors.
 *
 * @since 0.1.0
 */
export const migratePromise = async (options: MigrateOptions): Promise<SchemaChange> => {
  const exit = await Effect.runPromiseExit(migrate(options))
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/**
 * Every step of the schema so far, as plain SQL, for the first schema of the search path.
 *
 * @since 0.1.0
 */
export const migrations: ReadonlyArray<Migration> = makeSchema(null).migrations

/**
 * The whole schema as plain SQL, its migrations recorded: for an empty database, and for teams that migrate in a
 * way of their own. Its tables come to be in the first schema of the search path.
 *
 * @since 0.1.0
 */
export const schemaSql: string = SchemaVersion.toSql({ schema: makeSchema(null), nowMillis, tablePrefix: "" })
