import { boundsSuite } from "../../store-sql/test/suites/boundsSuite.js"
import { backend } from "./backend.js"

boundsSuite(backend)
