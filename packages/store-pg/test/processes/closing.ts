import { closeClients } from "../../../store-sql/test/processes/closing.js"
import { PgStore } from "../../src/index.js"

await closeClients((url) => PgStore.layer({ url, timeout: "20 seconds", pool: { idleTimeout: "200 millis" } }))
