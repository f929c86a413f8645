import { Effect } from "effect"
import { type RevocationInput, revokeInTurn } from "../../../store-sql/test/processes/changes.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import { PgStore } from "../../src/index.js"

takeJobs({
  revoke: (input: RevocationInput) => Effect.provide(revokeInTurn(input), PgStore.layer({ url: input.address }))
})
