import { selectedServices, startCertifiedServer } from "../../../scripts/services/testing.js"
import { encryptionSuite } from "../../store-sql/test/suites/encryptionSuite.js"
import { MysqlStore } from "../src/index.js"
import { makeBackend } from "./backend.js"

for (const selected of selectedServices("mysql", "mariadb")) {
  encryptionSuite({
    ...makeBackend(selected),
    startCertified: (subject) => startCertifiedServer(selected.service, subject),
    encrypted: (url, ssl) => MysqlStore.layer({ url, ssl, timeout: "20 seconds" }),
    ofAnybody: (ca) => ({ ca, verifyIdentity: false })
  })
}
