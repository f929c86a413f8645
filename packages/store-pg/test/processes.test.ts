import { loadSuite } from "../../store-sql/test/suites/loadSuite.js"
import { backend } from "./backend.js"

loadSuite(backend)
