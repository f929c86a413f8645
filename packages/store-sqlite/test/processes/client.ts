import { clientJobs } from "../../../store-sql/test/processes/clients.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import { SqliteStore } from "../../src/index.js"

takeJobs(clientJobs((address) => SqliteStore.layer({ filename: address, timeout: "30 seconds" })))
