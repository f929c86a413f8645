import { Effect } from "effect"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { changesSuite } from "../../store-sql/test/suites/changesSuite.js"
import { openDatabase } from "../src/MysqlDatabase.js"
import { makeSettings } from "../src/MysqlSettings.js"

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)
  const open = Effect.flatMap(makeSettings({ url, timeout: "10 seconds" }), openDatabase)
  changesSuite(title, open, { sideBySide: true })
}
