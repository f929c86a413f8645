import { selectedServices } from "../../../scripts/services/testing.js"
import { ownerRevocationSuite } from "../../store-sql/test/suites/ownerRevocationSuite.js"
import { revocationSuite } from "../../store-sql/test/suites/revocationSuite.js"
import { sharedLimitSuite } from "../../store-sql/test/suites/sharedLimitSuite.js"
import { usesSuite } from "../../store-sql/test/suites/usesSuite.js"
import { makeBackend } from "./backend.js"

const worker = new URL("processes/client.ts", import.meta.url)

for (const selected of selectedServices("mysql", "mariadb")) {
  const own = { ...makeBackend(selected), worker }
  revocationSuite(own)
  sharedLimitSuite(own)
  usesSuite(own)
  ownerRevocationSuite(own)
}
