import { clientContract, type RawReads, type RawTable, storeContract } from "@apikeys/core/testing"
import { Effect } from "effect"
import { selectedServices, testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"

/** Up to 500 calls come at once. */
const timeout = "20 seconds"

const readTables = (url: string) =>
  withConnection(url, async (query) => {
    const names = await query(
      "select table_name as name from information_schema.tables where table_schema = database()"
    )
    const tables: Array<RawTable> = []
    for (const { name } of names) tables.push({ table: String(name), rows: await query(`select * from \`${name}\``) })
    return tables
  })

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)
  const rawReads: RawReads = { tables: Effect.promise(() => readTables(url)) }
  storeContract(title, MysqlStore.layer({ url, timeout }), {
    rawReads,
    clock: MysqlStore.layer({ url, timeout, time: "clock" })
  })
  clientContract(title, () => MysqlStore.layer({ url, timeout }))
}
