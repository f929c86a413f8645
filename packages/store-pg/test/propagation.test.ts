import { testDatabase } from "../../../scripts/services/testing.js"
import { propagationSuite } from "../../store-sql/test/suites/propagationSuite.js"
import { PgStore } from "../src/index.js"

const { url } = await testDatabase("pg")

propagationSuite(
  "PostgreSQL",
  url,
  PgStore.layer({ url, timeout: "10 seconds" }),
  new URL("processes/changer.ts", import.meta.url)
)
