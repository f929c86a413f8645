import { ownerRevocationSuite } from "../../store-sql/test/suites/ownerRevocationSuite.js"
import { revocationSuite } from "../../store-sql/test/suites/revocationSuite.js"
import { sharedLimitSuite } from "../../store-sql/test/suites/sharedLimitSuite.js"
import { usesSuite } from "../../store-sql/test/suites/usesSuite.js"
import { backend } from "./backend.js"

const own = { ...backend, worker: new URL("processes/client.ts", import.meta.url) }

revocationSuite(own)
sharedLimitSuite(own)
usesSuite(own)
ownerRevocationSuite(own)
