import { clientJobs } from "../../../store-sql/test/processes/clients.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import { PgStore } from "../../src/index.js"

takeJobs(clientJobs((address) => PgStore.layer({ url: address, timeout: "30 seconds" })))
