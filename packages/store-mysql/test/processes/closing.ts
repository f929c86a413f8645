import { closeClients } from "../../../store-sql/test/processes/closing.js"
import { MysqlStore } from "../../src/index.js"

await closeClients((url) => MysqlStore.layer({ url, timeout: "20 seconds" }))
