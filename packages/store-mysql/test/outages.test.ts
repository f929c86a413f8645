import { selectedServices, startServer } from "../../../scripts/services/testing.js"
import { outageSuite } from "../../store-sql/test/suites/outageSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) {
  outageSuite({ ...makeBackend(selected), startServer: () => startServer(selected.service) })
}
