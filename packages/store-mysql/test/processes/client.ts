import { clientJobs } from "../../../store-sql/test/processes/clients.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import { MysqlStore } from "../../src/index.js"

takeJobs(clientJobs((address) => MysqlStore.layer({ url: address, timeout: "30 seconds" })))
