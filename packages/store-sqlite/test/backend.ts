import Sqlite from "better-sqlite3"
import type { CommandBackend } from "../../store-sql/test/suites/commandSuite.js"
import { hexOf, text } from "../../store-sql/test/suites/SqlBackend.js"
import { SqliteStore } from "../src/index.js"
import { schema } from "../src/SqliteSchema.js"
import { tempFile } from "./tempDatabase.js"

const using = <A>(filename: string, use: (database: Sqlite.Database) => A): Promise<A> => {
  const database = new Sqlite(filename)
  try {
    return Promise.resolve(use(database))
  } finally {
    database.close()
  }
}

/** SQLite, for the suites. */
export const backend: CommandBackend = {
  title: "SQLite",
  driver: "sqlite",
  emptyDatabase: tempFile,
  layer: (filename, { maxConnections: _, ...options } = {}) => SqliteStore.layer({ filename, ...options }),
  query: (filename, statement) =>
    using(filename, (database) => {
      const prepared = database.prepare<[], Record<string, unknown>>(statement)
      if (prepared.reader) return prepared.all()
      prepared.run()
      return []
    }),
  script: (filename, statements) =>
    using(filename, (database) => {
      database.exec(statements)
    }),
  migrations: SqliteStore.migrations,
  recordTable: schema.recordTable,
  schemaSql: SqliteStore.schemaSql,
  literal: { id: text, instant: String, bytes: (bytes) => `x'${hexOf(bytes)}'` },
  bin: new URL("../dist/bin.js", import.meta.url),
  variables: ["APIKEYS_SQLITE_FILENAME"],
  failing: () => [["/missing/folder/a.db", /^sqlite .*\n$/]],
  secretsOf: () => []
}
