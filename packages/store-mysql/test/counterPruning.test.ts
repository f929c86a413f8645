import { selectedServices } from "../../../scripts/services/testing.js"
import { counterPruningSuite } from "../../store-sql/test/suites/counterPruningSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) counterPruningSuite(makeBackend(selected))
