import { startCertifiedServer } from "../../../scripts/services/testing.js"
import { encryptionSuite } from "../../store-sql/test/suites/encryptionSuite.js"
import { PgStore } from "../src/index.js"
import { backend } from "./backend.js"

encryptionSuite({
  ...backend,
  startCertified: (subject) => startCertifiedServer("pg", subject),
  encrypted: (url, ssl) => PgStore.layer({ url, ssl, timeout: "20 seconds" }),
  ofAnybody: () => ({ rejectUnauthorized: false })
})
