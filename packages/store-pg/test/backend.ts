import { Effect } from "effect"
import { makeDatabase, withConnection } from "../../../scripts/services/testing.js"
import type { CommandBackend } from "../../store-sql/test/suites/commandSuite.js"
import type { MigratingBackend } from "../../store-sql/test/suites/migrationSuite.js"
import { hexOf, text } from "../../store-sql/test/suites/SqlBackend.js"
import { PgStore } from "../src/index.js"
import { makeSchema } from "../src/PgSchema.js"

const query = (url: string, statement: string) => withConnection(url, (run) => run(statement))

const inPublic = (columns: string, from: string, schema: string) =>
  `select ${columns} from ${from} where ${schema} = 'public' order by ${columns}`

const descriptions = [
  inPublic(
    "table_name, column_name, data_type, is_nullable, collation_name",
    "information_schema.columns",
    "table_schema"
  ),
  inPublic("indexdef", "pg_indexes", "schemaname"),
  inPublic("conrelid::regclass::text, pg_get_constraintdef(oid)", "pg_constraint", "connamespace::regnamespace::text")
]

const elsewhere = (url: string, change: (changed: URL) => void): string => {
  const changed = new URL(url)
  change(changed)
  return changed.href
}

/** PostgreSQL, for the suites. */
export const backend: CommandBackend & MigratingBackend = {
  title: "PostgreSQL",
  driver: "pg",
  emptyDatabase: Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => makeDatabase("pg")),
      ({ drop }) => Effect.promise(drop)
    ),
    ({ url }) => url
  ),
  layer: (url, { maxConnections, ...options } = {}) =>
    PgStore.layer({ url, timeout: "20 seconds", pool: { max: maxConnections }, ...options }),
  query,
  script: async (url, statements) => {
    await query(url, statements)
  },
  migrations: PgStore.migrations,
  recordTable: makeSchema(null).recordTable,
  schemaSql: PgStore.schemaSql,
  literal: {
    id: text,
    instant: (millis) => text(new Date(millis).toISOString()),
    bytes: (bytes) => `'\\x${hexOf(bytes)}'`
  },
  worker: new URL("processes/worker.ts", import.meta.url),
  describeSchema: (url) =>
    withConnection(url, async (run) => {
      const described: Array<unknown> = []
      for (const statement of descriptions) described.push(await run(statement))
      return described
    }),
  isHalfWay: async (url) => {
    const rows = await query(
      url,
      `select pid from pg_stat_activity
where datname = current_database() and query = 'select pg_sleep(60)' and state = 'active'`
    )
    return rows.length > 0
  },
  migrate: (url) => PgStore.migrate({ url, timeout: "20 seconds" }),
  migratePromise: (url) => PgStore.migratePromise({ url, timeout: "20 seconds" }),
  bin: new URL("../dist/bin.js", import.meta.url),
  variables: ["APIKEYS_PG_URL", "DATABASE_URL"],
  failing: (url) => [
    [elsewhere(url, (changed) => (changed.password = "guessed-it")), /^pg 28P01\n$/],
    [elsewhere(url, (changed) => (changed.port = "1")), /^pg ECONNREFUSED\n$/]
  ],
  secretsOf: (url) => [new URL(url).password, new URL(url).host]
}
