import {
  KeyChanges,
  KeyStore,
  RateLimitStore,
  type StoreError,
  StoreHealth,
  type StorePorts,
  TenantStore,
  UsageStore
} from "@apikeys/core"
import { Context, Data, Effect } from "effect"
import { makeFollower } from "./ChangeFollower.js"
import { makeChangeLog } from "./ChangeLog.js"
import type { Database } from "./Database.js"
import { type Dialect, makeDialect } from "./Dialect.js"
import { makeKeyLocks } from "./HeldKeys.js"
import { makeKeyStore } from "./KeyStore.js"
import { guarded, makeOperations } from "./Operations.js"
import { makeRateLimitStore } from "./RateLimitStore.js"
import type { StoreTime } from "./ScriptTime.js"
import { makeTenantStore } from "./TenantStore.js"
import { makeUsageStore } from "./UsageStore.js"
import { makeUseCounts } from "./UseCounts.js"

/**
 * How a store behaves, whatever its database.
 *
 * @since 0.1.0
 */
export interface SqlStoreOptions {
  /** How many milliseconds a call may take. */
  readonly timeout: number
  /** Whose time charges of rate limits take: the database's, or that of Effect's `Clock`, for tests. */
  readonly time: StoreTime
}

class Proven extends Data.TaggedError("Proven") {}

/** Writes what a change writes besides its own rows, and takes it back. */
const proveChanges = (database: Database, timeout: number): Effect.Effect<void, StoreError> => {
  const dialect: Dialect = makeDialect(database)
  const { run, sql, tables } = dialect
  const { append } = makeChangeLog(database, dialect)
  const proof = database.transact("change", (connection) =>
    Effect.gen(function* () {
      yield* run(connection, sql`delete from ${tables.fences} where number = 0`)
      yield* append(connection, [{ _tag: "Tenants" }])
      return yield* new Proven()
    })
  )
  return guarded(
    database,
    timeout,
    "open",
    Effect.catchTag(proof, "Proven", () => Effect.void)
  )
}

/**
 * Every port of a store over a database whose schema is up to date, where a change can be recorded: what others cannot be told of
 * must not be revocable in words alone.
 *
 * @since 0.1.0
 */
export const open = (
  database: Database,
  options: SqlStoreOptions
): Effect.Effect<Context.Context<StorePorts>, StoreError> =>
  Effect.map(proveChanges(database, options.timeout), () => make(database, options))

/**
 * Every port of a store over a database whose schema is up to date.
 *
 * @since 0.1.0
 */
export const make = (database: Database, { time, timeout }: SqlStoreOptions): Context.Context<StorePorts> => {
  const dialect = makeDialect(database)
  const log = makeChangeLog(database, dialect)
  const operations = makeOperations(database, timeout, log.append)
  const uses = makeUseCounts(dialect, time)
  const locks = makeKeyLocks(dialect)
  const { run, sql, tables } = dialect
  const ping = operations.read("StoreHealth.ping", (connection) =>
    Effect.asVoid(run(connection, sql`select id from ${tables.migrations} limit 1`))
  )
  return Context.make(TenantStore, makeTenantStore(dialect, operations)).pipe(
    Context.add(KeyStore, makeKeyStore(dialect, operations)),
    Context.add(RateLimitStore, makeRateLimitStore(dialect, operations, uses, locks, time)),
    Context.add(UsageStore, makeUsageStore(dialect, operations, uses, locks, time)),
    Context.add(StoreHealth, StoreHealth.of({ ping, timeoutMillis: timeout })),
    Context.add(KeyChanges, KeyChanges.of({ follow: makeFollower(database, log, timeout) }))
  )
}
