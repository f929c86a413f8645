import { counterPruningSuite } from "../../store-sql/test/suites/counterPruningSuite.js"
import { backend } from "./backend.js"

counterPruningSuite(backend)
