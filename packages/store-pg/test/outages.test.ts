import { startServer } from "../../../scripts/services/testing.js"
import { outageSuite } from "../../store-sql/test/suites/outageSuite.js"
import { backend } from "./backend.js"

outageSuite({ ...backend, startServer: () => startServer("pg") })
