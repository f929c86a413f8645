import { changesSuite } from "../../store-sql/test/suites/changesSuite.js"
import { openTempDatabase } from "./tempDatabase.js"

changesSuite("SQLite", openTempDatabase({ timeout: 10_000 }), { sideBySide: false })
changesSuite("SQLite in memory", openTempDatabase({ filename: ":memory:", timeout: 10_000 }), { sideBySide: false })
