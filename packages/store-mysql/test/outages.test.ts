import { selectedServices, startServer } from "../../../scripts/services/testing.js"
import { hangingSuite } from "../../store-sql/test/suites/hangingSuite.js"
import { outageSuite } from "../../store-sql/test/suites/outageSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) {
  const own = { ...makeBackend(selected), startServer: () => startServer(selected.service) }
  outageSuite(own)
  hangingSuite(own)
}
