import type { Database, Scripts } from "@apikeys/store-sql"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect } from "effect"
import { columns } from "./PgColumns.js"
import { makeConnections } from "./PgConnections.js"
import { classify } from "./PgFailure.js"
import { listen } from "./PgListener.js"
import { changeChannel, lockMigrations, makeSchema, nowMillis, prefixOf } from "./PgSchema.js"

/** As long as a start waits for a migration. */
const migrationTimeout = 60_000

/**
 * The server goes on with a statement whose client is dead, and holds the lock on migrations all the while, unless it
 * looks now and then. Some systems cannot.
 */
const endWithClient = `do $$ begin
  set local client_connection_check_interval = 1000;
exception when others then null; end $$`

/** What a pool of our own does for a database. */
export interface PgOwnPool {
  readonly scripts: Scripts
  /** Whether the server ends by itself a statement that takes longer than a call may. */
  readonly areBounded: () => boolean
}

/**
 * A database as the queries see it. They are compiled by a compiler of their own, whatever the client's transforms.
 *
 * @param schema in which the tables are; `null` for the first of the search path
 * @param timeout how many milliseconds a call may take
 * @param own `null` for a client of the application, whose sessions are not ours to set
 */
export const makeDatabase = (
  client: PgClient.PgClient,
  { schema, timeout }: { readonly schema: string | null; readonly timeout: number },
  own: PgOwnPool | null
): Database => {
  const connections = makeConnections({ client, timeout, areBounded: own?.areBounded ?? (() => false) })
  const channel = changeChannel(schema)
  return {
    driver: "pg",
    compiler: PgClient.makeCompiler(),
    tablePrefix: prefixOf(schema),
    columns,
    nowMillis,
    rowLocks: { share: "for share", update: "for update" },
    affected: (connection, sql, params) =>
      Effect.map(connection.executeRaw(sql, params), (result) =>
        Number((result as { readonly rowCount: number | null }).rowCount)
      ),
    read: connections.read,
    scripts: own?.scripts ?? null,
    transact: (_durability, use) => connections.transact(timeout, use),
    classify,
    waitingFor: () => null,
    signals: {
      channel,
      version: null,
      replacements: null,
      listen: listen({ config: client.config, channel, read: connections.read })
    },
    schema: {
      ...makeSchema(schema),
      migrateAlone: (use) =>
        connections.transact(migrationTimeout, (connection) =>
          connection
            .executeUnprepared(endWithClient, [], undefined)
            .pipe(
              Effect.zipRight(connection.executeUnprepared(lockMigrations(schema), [], undefined)),
              Effect.zipRight(use(connection))
            )
        )
    }
  }
}
