import { type InvalidInputError, Store, type StoreError, type StoreLayer, type StorePorts } from "@apikeys/core"
import {
  type Database,
  guarded,
  type Migration,
  SchemaVersion,
  SqlStore,
  toInvalidInput,
  warnIfPlain
} from "@apikeys/store-sql"
import { MysqlClient } from "@effect/sql-mysql2/MysqlClient"
import { Cause, Config, type Context, Effect, Exit, Layer, Redacted, type Scope } from "effect"
import { databaseOf, openDatabase } from "./MysqlDatabase.js"
import type { MysqlSslOptions, MysqlStoreClientOptions, MysqlStoreOptions } from "./MysqlOptions.js"
import { nowMillis, schema } from "./MysqlSchema.js"
import { checkSession } from "./MysqlSession.js"
import { type MysqlClientSettings, makeClientSettings, makeSettings } from "./MysqlSettings.js"

export type { MysqlSslOptions, MysqlStoreClientOptions, MysqlStoreOptions }

/** The versions of a schema before and after it was migrated; 0 is no schema at all. */
export type SchemaChange = SchemaVersion.SchemaChange

const start = (
  database: Database,
  settings: MysqlClientSettings
): Effect.Effect<Context.Context<StorePorts>, StoreError> =>
  Effect.gen(function* () {
    yield* guarded(database, settings.timeout, "open", database.read(checkSession))
    yield* settings.migrate ? SchemaVersion.migrate(database) : SchemaVersion.check(database, settings.timeout)
    return yield* SqlStore.open(database, settings)
  })

const make = (
  options: MysqlStoreOptions
): Effect.Effect<Context.Context<StorePorts>, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* makeSettings(options)
    const database = yield* openDatabase(settings)
    const { host, ssl } = Redacted.value(settings.address)
    yield* warnIfPlain({ host, isEncrypted: ssl !== undefined })
    return yield* start(database, settings)
  })

/**
 * A store on MySQL 8.4 or newer, or on MariaDB 10.11 or newer, with connections of its own.
 *
 * A server that does not answer, or a schema that does not fit, is a `StoreError` at start. Closing the layer's scope
 * closes the connections.
 *
 * @example
 * ```ts
 * import { ApiKeyClient } from "@apikeys/core"
 * import { MysqlStore } from "@apikeys/store-mysql"
 *
 * const client = await ApiKeyClient.open({
 *   store: MysqlStore.layer({ url: process.env.DATABASE_URL }),
 *   signingSecret: process.env.APIKEYS_SIGNING_SECRET
 * })
 * ```
 *
 * @since 0.1.0
 */
export const layer = (options: MysqlStoreOptions): StoreLayer => Store.fromLayer(Layer.scopedContext(make(options)))

const environment: Config.Config<MysqlStoreOptions> = Config.all({ url: Config.redacted("APIKEYS_MYSQL_URL") })

/**
 * Like {@link layer}, with options from Effect's `Config`: by default the URL in `APIKEYS_MYSQL_URL`.
 *
 * @since 0.1.0
 */
export const layerConfig = (options: Config.Config.Wrap<MysqlStoreOptions> = environment): StoreLayer =>
  Store.fromLayer(
    Layer.scopedContext(
      Config.unwrap(options).pipe(
        Effect.catchAll((error) => toInvalidInput(error)),
        Effect.flatMap(make)
      )
    )
  )

/**
 * A store over the application's own `MysqlClient`, on connections of its pool. It never joins a transaction that the
 * application has open, and whatever the client does to names leaves it alone.
 *
 * The client has to be made of `host` and so on, with `poolConfig: { timezone: "Z" }` and the charset `utf8mb4`, which is
 * the driver's default: where times or text would not come back as they were given, opening fails.
 *
 * @since 0.1.0
 */
export const layerFromClient = (
  options: MysqlStoreClientOptions = {}
): Layer.Layer<StorePorts, StoreError | InvalidInputError, MysqlClient> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const settings = yield* makeClientSettings(options)
      return yield* start(databaseOf(yield* MysqlClient, settings), settings)
    })
  )

/** What migrating needs of the options. */
export type MysqlMigrateOptions = Omit<MysqlStoreOptions, "migrate" | "time">

/**
 * Brings a database's schema up to date, for deployments that do so as a step of its own and open their stores with
 * `migrate: false`.
 *
 * @since 0.1.0
 */
export const migrate = (options: MysqlMigrateOptions): Effect.Effect<SchemaChange, StoreError | InvalidInputError> =>
  makeSettings(options).pipe(
    Effect.flatMap((settings) =>
      Effect.gen(function* () {
        const database = yield* openDatabase(settings)
        yield* guarded(database, settings.timeout, "open", database.read(checkSession))
        return yield* SchemaVersion.migrate(database)
      })
    ),
    Effect.scoped
  )

/**
 * {@link migrate} for programs without Effect. Rejects with the very errors.
 *
 * @since 0.1.0
 */
export const migratePromise = async (options: MysqlMigrateOptions): Promise<SchemaChange> => {
  const exit = await Effect.runPromiseExit(migrate(options))
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/**
 * Every step of the schema so far, as plain SQL.
 *
 * @since 0.1.0
 */
export const migrations: ReadonlyArray<Migration> = schema.migrations

/**
 * The whole schema as plain SQL, its migrations recorded: for an empty database, and for teams that migrate in a way of
 * their own.
 *
 * @since 0.1.0
 */
export const schemaSql: string = SchemaVersion.toSql({ schema, nowMillis, tablePrefix: "" })
