import { clockSuite } from "../../store-sql/test/suites/clockSuite.js"
import { backend } from "./backend.js"

clockSuite(backend)
