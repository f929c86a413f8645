import { withConnection } from "../../../scripts/services/testing.js"
import { lockedRowSuite } from "../../store-sql/test/suites/lockedRowSuite.js"
import { backend } from "./backend.js"

lockedRowSuite({ ...backend, withSession: withConnection })
