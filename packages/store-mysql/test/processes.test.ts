import { selectedServices } from "../../../scripts/services/testing.js"
import { loadSuite } from "../../store-sql/test/suites/loadSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) loadSuite(makeBackend(selected))
