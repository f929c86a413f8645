import { createConnection, type RowDataPacket } from "mysql2/promise"
import type { Row, Source } from "./Source.js"

export const openMysql = async (url: string): Promise<Source> => {
  const connection = await createConnection({ uri: url, charset: "utf8mb4" })
  connection.on("error", () => undefined)
  // Of columns whose values the server turns into those of the session's zone.
  await connection.query("set time_zone = '+00:00'")
  await connection.query("set session transaction read only")
  return {
    parameter: () => "?",
    text: (column, of) =>
      of === "date" ? `date_format(${column}, '%Y-%m-%d %H:%i:%s.%f')` : `cast(${column} as char)`,
    query: async (statement, values) => {
      const [rows] = await connection.query<Array<RowDataPacket & Row>>(statement, [...values])
      return rows
    },
    close: () => connection.end()
  }
}
