import { Effect } from "effect"
import { makeDatabase, type ServiceName, withConnection } from "../../../scripts/services/testing.js"
import type { CommandBackend } from "../../store-sql/test/suites/commandSuite.js"
import type { MigratingBackend } from "../../store-sql/test/suites/migrationSuite.js"
import { hexOf } from "../../store-sql/test/suites/SqlBackend.js"
import { MysqlStore } from "../src/index.js"
import { schema } from "../src/MysqlSchema.js"

const query = (url: string, statement: string) => withConnection(url, (run) => run(statement))

const descriptions = [
  `select table_name, column_name, column_type, is_nullable, collation_name
from information_schema.columns where table_schema = database() order by table_name, column_name`,
  `select table_name, index_name, non_unique, seq_in_index, column_name
from information_schema.statistics where table_schema = database() order by table_name, index_name, seq_in_index`,
  `select table_name, referenced_table_name, delete_rule
from information_schema.referential_constraints where constraint_schema = database() order by 1, 2, 3`
]

const elsewhere = (url: string, change: (changed: URL) => void): string => {
  const changed = new URL(url)
  change(changed)
  return changed.href
}

/** MySQL or MariaDB, for the suites. */
export const makeBackend = ({
  service,
  title
}: {
  readonly service: ServiceName
  readonly title: string
}): CommandBackend & MigratingBackend => ({
  title,
  driver: "mysql",
  emptyDatabase: Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => makeDatabase(service)),
      ({ drop }) => Effect.promise(drop)
    ),
    ({ url }) => url
  ),
  layer: (url, { maxConnections, ...options } = {}) =>
    MysqlStore.layer({ url, timeout: "20 seconds", pool: { max: maxConnections }, ...options }),
  query,
  script: async (url, statements) => {
    await query(`${url}?multipleStatements=true`, statements)
  },
  migrations: MysqlStore.migrations,
  recordTable: schema.recordTable,
  schemaSql: MysqlStore.schemaSql,
  literal: {
    id: (uuid) => `x'${uuid.replaceAll("-", "")}'`,
    instant: (millis) => `'${new Date(millis).toISOString().slice(0, -1).replace("T", " ")}'`,
    bytes: (bytes) => `x'${hexOf(bytes)}'`
  },
  worker: new URL("processes/worker.ts", import.meta.url),
  describeSchema: (url) =>
    withConnection(url, async (run) => {
      const described: Array<unknown> = []
      for (const statement of descriptions) described.push(await run(statement))
      return described
    }),
  isHalfWay: async (url) => {
    const rows = await query(url, "show processlist")
    return rows.some(({ Info: info, db }) => info === "do sleep(60)" && `/${db}` === new URL(url).pathname)
  },
  migrate: (url) => MysqlStore.migrate({ url, timeout: "20 seconds" }),
  migratePromise: (url) => MysqlStore.migratePromise({ url, timeout: "20 seconds" }),
  bin: new URL("../dist/bin.js", import.meta.url),
  variables: ["APIKEYS_MYSQL_URL", "DATABASE_URL"],
  failing: (url) => [
    [elsewhere(url, (changed) => (changed.password = "guessed-it")), /^mysql ER_ACCESS_DENIED_ERROR 28000\n$/],
    [elsewhere(url, (changed) => (changed.port = "1")), /^mysql ECONNREFUSED\n$/]
  ],
  secretsOf: (url) => [new URL(url).password, new URL(url).host]
})
