import { commandSuite } from "../../store-sql/test/suites/commandSuite.js"
import { migrationSuite } from "../../store-sql/test/suites/migrationSuite.js"
import { openingSuite } from "../../store-sql/test/suites/openingSuite.js"
import { upgradeSuite } from "../../store-sql/test/suites/upgradeSuite.js"
import { backend } from "./backend.js"

migrationSuite(backend)
upgradeSuite(backend)
openingSuite(backend)
commandSuite(backend)
