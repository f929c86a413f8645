import { selectedServices } from "../../../scripts/services/testing.js"
import { commandSuite } from "../../store-sql/test/suites/commandSuite.js"
import { migrationSuite } from "../../store-sql/test/suites/migrationSuite.js"
import { openingSuite } from "../../store-sql/test/suites/openingSuite.js"
import { upgradeSuite } from "../../store-sql/test/suites/upgradeSuite.js"
import { makeBackend } from "./backend.js"

const backends = selectedServices("mysql", "mariadb").map(makeBackend)

for (const backend of backends) {
  migrationSuite(backend)
  upgradeSuite(backend)
  openingSuite(backend)
}

// What differs between the two is behind it.
for (const backend of backends.slice(0, 1)) commandSuite(backend)
