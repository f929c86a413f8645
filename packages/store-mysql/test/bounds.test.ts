import { selectedServices } from "../../../scripts/services/testing.js"
import { boundsSuite } from "../../store-sql/test/suites/boundsSuite.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) boundsSuite(makeBackend(selected))
