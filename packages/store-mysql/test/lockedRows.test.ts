import { selectedServices, withConnection } from "../../../scripts/services/testing.js"
import { lockedRowSuite } from "../../store-sql/test/suites/lockedRowSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) {
  lockedRowSuite({ ...makeBackend(selected), withSession: withConnection })
}
