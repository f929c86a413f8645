import { Effect } from "effect"
import { type RevocationInput, revokeInTurn } from "../../../store-sql/test/processes/changes.js"
import { takeJobs } from "../../../store-sql/test/processes/worker.js"
import { SqliteStore } from "../../src/index.js"

takeJobs({
  revoke: (input: RevocationInput) =>
    Effect.provide(revokeInTurn(input), SqliteStore.layer({ filename: input.address }))
})
