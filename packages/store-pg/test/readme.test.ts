import { testDatabase } from "../../../scripts/services/testing.js"
import { runReadme } from "../../http/test/table/runReadme.js"

const { url } = await testDatabase("pg")
process.env["APIKEYS_PG_URL"] = url

runReadme("store-pg")
