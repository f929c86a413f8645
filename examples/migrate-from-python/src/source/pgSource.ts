import { Client } from "pg"
import type { Row, Source } from "./Source.js"

export const openPg = async (url: string): Promise<Source> => {
  const client = new Client({ connectionString: url })
  // A connection that dies fails the statement; without a listener it would end the process as well.
  client.on("error", () => undefined)
  await client.connect()
  await client.query("set default_transaction_read_only = on")
  await client.query("set time zone 'UTC'")
  await client.query("set datestyle = 'ISO'")
  return {
    parameter: (n) => `$${n}`,
    text: (column) => `${column}::text`,
    query: async (statement, values) => (await client.query<Row>(statement, [...values])).rows,
    close: () => client.end()
  }
}
