import Database from "better-sqlite3"
import type { Row, Source, Value } from "./Source.js"

export const openSqlite = (filename: string): Source => {
  const database = new Database(filename, { readonly: true, fileMustExist: true })
  return {
    parameter: () => "?",
    text: (column) => `cast(${column} as text)`,
    // No statement is open between two pages, so nobody who writes is held up.
    query: (statement, values) => Promise.resolve(database.prepare<Array<Value>, Row>(statement).all(...values)),
    close: () => Promise.resolve(void database.close())
  }
}
