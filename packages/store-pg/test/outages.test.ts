import { startServer } from "../../../scripts/services/testing.js"
import { hangingSuite } from "../../store-sql/test/suites/hangingSuite.js"
import { outageSuite } from "../../store-sql/test/suites/outageSuite.js"
import { backend } from "./backend.js"

const own = { ...backend, startServer: () => startServer("pg") }

outageSuite(own)
hangingSuite(own)
