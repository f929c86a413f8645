import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { runReadme } from "../../http/test/table/runReadme.js"

// One of those that the run tests: a file without any is left out.
const [{ service } = { service: "mysql" as const }] = selectedServices("mysql", "mariadb")
const { url } = await testDatabase(service)
process.env["APIKEYS_MYSQL_URL"] = url

runReadme("store-mysql")
