import { selectedServices } from "../../../scripts/services/testing.js"
import { clockSuite } from "../../store-sql/test/suites/clockSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) clockSuite(makeBackend(selected))
