import Database from "better-sqlite3"
import { withConnection } from "../../../../scripts/services/testing.js"
import { type Dialect, oldSchema } from "./schema.js"

/** A row as it is inserted: dates as texts in UTC, ids with dashes. */
export type OldRow = Readonly<Record<string, string | number | null>>

export interface OldTables {
  readonly organizations: ReadonlyArray<OldRow>
  readonly projects: ReadonlyArray<OldRow>
  readonly products: ReadonlyArray<OldRow>
  readonly project_products: ReadonlyArray<OldRow>
  readonly api_keys: ReadonlyArray<OldRow>
}

const isId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const isDate = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/

const written = (dialect: Dialect, value: string | number | null): string | number | null => {
  if (typeof value !== "string") return value
  if (dialect === "pg") return isDate.test(value) ? `${value}+00` : value
  return isId.test(value) ? value.replaceAll("-", "") : value
}

/** The statements that make a database of the old library with these rows in it. */
const statements = function* (dialect: Dialect, tables: OldTables) {
  for (const statement of oldSchema(dialect)) yield { statement, values: [] }
  for (const [table, rows] of Object.entries(tables) as ReadonlyArray<[string, ReadonlyArray<OldRow>]>) {
    for (const row of rows) {
      const columns = Object.keys(row)
      const places = columns.map((_, i) => (dialect === "pg" ? `$${i + 1}` : "?"))
      yield {
        statement: `insert into ${table} (${columns.join(", ")}) values (${places.join(", ")})`,
        values: Object.values(row).map((value) => written(dialect, value))
      }
    }
  }
}

/** Makes a database of the old library in a file. */
export const makeOldFile = (filename: string, tables: OldTables): void => {
  const database = new Database(filename)
  database.transaction(() => {
    for (const { statement, values } of statements("sqlite", tables)) database.prepare(statement).run(...values)
  })()
  database.close()
}

/** Makes the tables of the old library in a database of a server. */
export const makeOldTables = (url: string, tables: OldTables): Promise<void> =>
  withConnection(url, async (query) => {
    const dialect = url.startsWith("postgres") ? "pg" : "mysql"
    for (const { statement, values } of statements(dialect, tables)) await query(statement, values)
  })
