import { testDatabase } from "../../../scripts/services/testing.js"
import { changesSuite } from "../../store-sql/test/suites/changesSuite.js"
import { openOwnDatabase } from "../src/PgOpening.js"

const { url } = await testDatabase("pg")

changesSuite("PostgreSQL", openOwnDatabase({ url, timeout: "10 seconds" }), { sideBySide: true })
changesSuite("PostgreSQL, in a schema of its own", openOwnDatabase({ url, schema: "changes", timeout: "10 seconds" }), {
  sideBySide: true
})
