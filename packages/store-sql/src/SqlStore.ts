import {
  KeyChanges,
  KeyStore,
  RateLimitStore,
  StoreHealth,
  type StorePorts,
  TenantStore,
  UsageStore
} from "@apikeys/core"
import { Context, Effect } from "effect"
import { makeFollower } from "./ChangeFollower.js"
import { makeChangeLog } from "./ChangeLog.js"
import type { Database } from "./Database.js"
import { makeDialect } from "./Dialect.js"
import { makeKeyStore } from "./KeyStore.js"
import { makeOperations } from "./Operations.js"
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
  const { run, sql, tables } = dialect
  const ping = operations.read("StoreHealth.ping", (connection) =>
    Effect.asVoid(run(connection, sql`select id from ${tables.migrations} limit 1`))
  )
  return Context.make(TenantStore, makeTenantStore(dialect, operations)).pipe(
    Context.add(KeyStore, makeKeyStore(dialect, operations)),
    Context.add(RateLimitStore, makeRateLimitStore(dialect, operations, uses, time)),
    Context.add(UsageStore, makeUsageStore(dialect, operations, uses, time)),
    Context.add(StoreHealth, StoreHealth.of({ ping })),
    Context.add(KeyChanges, KeyChanges.of({ follow: makeFollower(database, log, timeout) }))
  )
}
