import { Effect } from "effect"
import { type RevocationInput, revokeInTurn } from "../../../store-sql/test/processes/changes.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import { MysqlStore } from "../../src/index.js"

takeJobs({
  revoke: (input: RevocationInput) => Effect.provide(revokeInTurn(input), MysqlStore.layer({ url: input.address }))
})
