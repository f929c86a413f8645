import { selectedServices } from "../../../scripts/services/testing.js"
import { closingSuite } from "../../store-sql/test/suites/closingSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) {
  closingSuite({ ...makeBackend(selected), program: new URL("processes/closing.ts", import.meta.url) })
}
