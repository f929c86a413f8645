import { closingSuite } from "../../store-sql/test/suites/closingSuite.js"
import { backend } from "./backend.js"

closingSuite({ ...backend, program: new URL("processes/closing.ts", import.meta.url) })
