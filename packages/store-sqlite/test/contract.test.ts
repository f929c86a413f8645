import { type RawReads, type RawTable, storeContract } from "@apikeys/core/testing"
import Sqlite from "better-sqlite3"
import { Context, Effect, Layer } from "effect"
import { SqliteStore } from "../src/index.js"
import { tempFile } from "./tempDatabase.js"

class Filename extends Context.Tag("test/Filename")<Filename, string>() {}

const readTables = (filename: string): ReadonlyArray<RawTable> => {
  const database = new Sqlite(filename, { readonly: true })
  try {
    const names = database.prepare("select name from sqlite_master where type = 'table'").pluck().all()
    return names.map((table) => ({
      table: String(table),
      rows: database.prepare(`select * from "${table}"`).all() as RawTable["rows"]
    }))
  } finally {
    database.close()
  }
}

const rawReads: RawReads<Filename> = { tables: Effect.map(Filename, readTables) }

/** A store in a file of its own, which the raw reads open as well. */
const makeStore = (options: Partial<SqliteStore.SqliteStoreOptions>) =>
  Layer.unwrapScoped(
    Effect.map(tempFile, (filename) =>
      Layer.merge(SqliteStore.layer({ filename, ...options }), Layer.succeed(Filename, filename))
    )
  )

storeContract("SQLite", makeStore({}), { rawReads, clock: makeStore({ time: "clock" }) })
storeContract("SQLite in memory", SqliteStore.layer({ filename: ":memory:" }), {
  rawReads: null,
  clock: SqliteStore.layer({ filename: ":memory:", time: "clock" })
})
