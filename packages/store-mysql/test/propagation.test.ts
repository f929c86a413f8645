import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { propagationSuite } from "../../store-sql/test/suites/propagationSuite.js"
import { MysqlStore } from "../src/index.js"

const worker = new URL("processes/changer.ts", import.meta.url)

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)
  propagationSuite(title, url, MysqlStore.layer({ url, timeout: "10 seconds" }), worker)
}
