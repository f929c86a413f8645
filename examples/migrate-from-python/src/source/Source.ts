import type { DatabasePlace } from "../databaseUrl.js"

/** A value of a row: ids may be bytes, counts texts. */
export type Value = string | number | bigint | Uint8Array | boolean | null

export type Row = Readonly<Record<string, Value>>

/** What a driver has to do: read some rows, and end. */
export interface Source {
  /** Writes `?`, `$1` and the like: the nth parameter, from 1 on. */
  readonly parameter: (n: number) => string
  /** A column as text: dates with their zone where they have one, JSON unread. */
  readonly text: (column: string, of: "date" | "json") => string
  readonly query: (statement: string, values: ReadonlyArray<Value>) => Promise<ReadonlyArray<Row>>
  readonly close: () => Promise<void>
}

/** Opens the old database for reading. Its driver is loaded here, and no other. */
export const openSource = async (place: DatabasePlace): Promise<Source> => {
  switch (place.kind) {
    case "sqlite":
      return (await import("./sqliteSource.js")).openSqlite(place.filename)
    case "pg":
      return (await import("./pgSource.js")).openPg(place.url)
    case "mysql":
      return (await import("./mysqlSource.js")).openMysql(place.url)
  }
}
