import { type InvalidInputError, Store, type StoreError, type StoreLayer, type StorePorts } from "@apikeys/core"
import { type Migration, SchemaVersion, SqlStore, toInvalidInput } from "@apikeys/store-sql"
import { Cause, Config, type Context, Effect, Exit, Layer, type Scope } from "effect"
import { openDatabase } from "./SqliteDatabase.js"
import { nowMillis, schema } from "./SqliteSchema.js"
import { makeSettings, type SqliteStoreOptions } from "./SqliteSettings.js"

export type { SqliteStoreOptions }

/**
 * The versions of a schema before and after it was migrated; 0 is no schema at all.
 *
 * @since 0.1.0
 */
export type SchemaChange = SchemaVersion.SchemaChange

const make = (
  options: SqliteStoreOptions
): Effect.Effect<Context.Context<StorePorts>, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* makeSettings(options)
    const database = yield* openDatabase(settings)
    yield* settings.migrate ? SchemaVersion.migrate(database) : SchemaVersion.check(database, settings.timeout)
    return yield* SqlStore.open(database, settings)
  })

/**
 * A store in an SQLite file, in WAL mode: for one machine, with as many processes as there are.
 *
 * A path that cannot be opened, or a schema that does not fit, is a `StoreError` at start. Closing the layer's
 * scope closes the file.
 *
 * @example
 * ```ts
 * import { ApiKeyClient } from "@apikeys/core"
 * import { SqliteStore } from "@apikeys/store-sqlite"
 *
 * const client = await ApiKeyClient.open({
 *   store: SqliteStore.layer({ filename: "myapp.db" }),
 *   signingSecret: process.env.APIKEYS_SIGNING_SECRET
 * })
 * ```
 *
 * @since 0.1.0
 */
export const layer = (options: SqliteStoreOptions): StoreLayer => Store.fromLayer(Layer.scopedContext(make(options)))

const environment: Config.Config<SqliteStoreOptions> = Config.all({
  filename: Config.string("APIKEYS_SQLITE_FILENAME")
})

/**
 * Like {@link layer}, with options from Effect's `Config`: by default the file that `APIKEYS_SQLITE_FILENAME`
 * names.
 *
 * @since 0.1.0
 */
export const layerConfig = (options: Config.Config.Wrap<SqliteStoreOptions> = environment): StoreLayer =>
  Store.fromLayer(
    Layer.scopedContext(
      Config.unwrap(options).pipe(
        Effect.catchAll((error) => toInvalidInput(error)),
        Effect.flatMap(make)
      )
    )
  )

/**
 * Brings the schema of a file up to date, for deployments that do so as a step of its own and open their stores
 * with `migrate: false`.
 *
 * @since 0.1.0
 */
export const migrate = (
  options: Pick<SqliteStoreOptions, "filename" | "timeout">
): Effect.Effect<SchemaChange, StoreError | InvalidInputError> =>
  makeSettings(options).pipe(Effect.flatMap(openDatabase), Effect.flatMap(SchemaVersion.migrate), Effect.scoped)

/**
 * {@link migrate} for programs without Effect. Rejects with the very errors.
 *
 * @since 0.1.0
 */
export const migratePromise = async (
  options: Pick<SqliteStoreOptions, "filename" | "timeout">
): Promise<SchemaChange> => {
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
 * The whole schema as plain SQL, its migrations recorded: for an empty file, and for teams that migrate in a way
 * of their own.
 *
 * @since 0.1.0
 */
export const schemaSql: string = SchemaVersion.toSql({ schema, nowMillis, tablePrefix: "" })
