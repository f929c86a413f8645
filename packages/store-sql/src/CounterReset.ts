import type { KeyId } from "@apikeys/core"
import { Effect } from "effect"
import type { Dialect } from "./Dialect.js"
import type { Operations } from "./Operations.js"

/**
 * The member of the port that forgets the counters of a key. It holds the key's row first, as whoever charges does: else a
 * charge that is under way would write back what it read before.
 */
export const makeCounterReset = ({ forUpdate, id, run, sql, tables }: Dialect, operations: Operations) => {
  return (keyId: KeyId) =>
    operations.change("RateLimitStore.reset", (connection) =>
      Effect.gen(function* () {
        yield* run(connection, sql`select id from ${tables.keys} where id = ${id(keyId)} ${forUpdate}`)
        yield* run(connection, sql`delete from ${tables.rateLimits} where key_id = ${id(keyId)}`)
      })
    )
}
