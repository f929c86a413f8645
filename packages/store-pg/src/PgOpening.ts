import type { InvalidInputError, StoreError, StorePorts } from "@apikeys/core"
import { type Database, guarded, SchemaVersion, SqlStore, warnIfPlain } from "@apikeys/store-sql"
import type * as PgClient from "@effect/sql-pg/PgClient"
import { type Context, Effect, type Scope } from "effect"
import { makeDatabase, type PgOwnPool } from "./PgDatabase.js"
import type { PgStoreOptions } from "./PgOptions.js"
import { openClient } from "./PgPool.js"
import { makeScripts } from "./PgScripts.js"
import { checkServer } from "./PgServer.js"
import { makeSettings, type PgClientSettings } from "./PgSettings.js"

/** The database of a client, where the server is one that the store is right on. */
export const openDatabase = (
  client: PgClient.PgClient,
  settings: Pick<PgClientSettings, "schema" | "timeout">,
  own: PgOwnPool | null = null
): Effect.Effect<Database, StoreError> => {
  const database = makeDatabase(client, settings, own)
  return Effect.as(guarded(database, settings.timeout, "open", database.transact("change", checkServer)), database)
}

/** The ports over a client. */
export const openStore = (
  client: PgClient.PgClient,
  settings: PgClientSettings,
  own: PgOwnPool | null = null
): Effect.Effect<Context.Context<StorePorts>, StoreError> =>
  Effect.gen(function* () {
    const database = yield* openDatabase(client, settings, own)
    yield* settings.migrate ? SchemaVersion.migrate(database) : SchemaVersion.check(database, settings.timeout)
    return yield* SqlStore.open(database, settings)
  })

const openOwn = (options: PgStoreOptions) =>
  Effect.gen(function* () {
    const settings = yield* makeSettings(options)
    const { areBounded, client, peer, pool } = yield* openClient(settings)
    const own: PgOwnPool = { areBounded, scripts: makeScripts({ areBounded, pool, timeout: settings.timeout }) }
    return { client, own, peer: peer(), settings }
  })

/** The ports over a pool of their own. */
export const openOwnStore = (
  options: PgStoreOptions
): Effect.Effect<Context.Context<StorePorts>, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.flatMap(openOwn(options), ({ client, own, peer, settings }) =>
    Effect.zipRight(warnIfPlain(peer), openStore(client, settings, own))
  )

/** The database over a pool of its own, whatever the state of its schema. */
export const openOwnDatabase = (
  options: PgStoreOptions
): Effect.Effect<Database, StoreError | InvalidInputError, Scope.Scope> =>
  Effect.flatMap(openOwn(options), ({ client, own, settings }) => openDatabase(client, settings, own))
