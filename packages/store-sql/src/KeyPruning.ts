import { KeyId, type PrunedBatch, type Pruning } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect } from "effect"
import type { Dialect } from "./Dialect.js"
import { ownedBy } from "./KeyFilter.js"
import type { Operations } from "./Operations.js"

const nothing: PrunedBatch = { deleted: 0, more: false }

/** The member of the port that deletes keys which ended long ago. */
export const makePrune = (dialect: Dialect, operations: Operations) => {
  const { decodeId, id: encodeId, instant, run, sql, tables } = dialect

  const idsOf = (connection: Connection, statement: Parameters<typeof run>[1]) =>
    Effect.map(run(connection, statement), (rows) => rows.map((row) => decodeId((row as { readonly id: unknown }).id)))

  /** The two ways in which a key has ended, each with an index of its own. */
  const endings = ({ expiredBefore, organizationId, revokedBefore }: Pruning) => {
    const owned = ownedBy(dialect, { organizationId, projectId: null, productId: null })
    return [
      ...(revokedBefore === null ? [] : [sql.and([...owned, sql`revoked_at < ${instant(revokedBefore.epochMillis)}`])]),
      ...(expiredBefore === null
        ? []
        : [sql.and([...owned, sql`revoked_at is null`, sql`expires_at < ${instant(expiredBefore.epochMillis)}`])])
    ]
  }

  /** Held in the order of their ids, and looked at once more: one may have been prolonged meanwhile. */
  const hold = (connection: Connection, ids: ReadonlyArray<string>, ended: ReturnType<typeof endings>) => {
    const listed = sql`where id in ${sql.in(ids.map(encodeId))} and ${sql.or(ended)} order by id ${dialect.forUpdate}`
    const inOrder = sql.onDialectOrElse({ mysql: () => sql`force index (primary) ${listed}`, orElse: () => listed })
    return idsOf(connection, sql`select id from ${tables.keys} ${inOrder}`)
  }

  return (pruning: Pruning, limit: number) =>
    operations.change("KeyStore.prune", (connection, tell) =>
      Effect.gen(function* () {
        const ended = endings(pruning)
        const candidates: Array<string> = []
        for (const condition of ended) {
          const left = limit - candidates.length
          if (left === 0) break
          const statement = sql`select id from ${tables.keys} where ${condition} limit ${left}`
          candidates.push(...(yield* idsOf(connection, statement)))
        }
        if (candidates.length === 0) return nothing
        const held = dialect.locksRows ? yield* hold(connection, candidates, ended) : candidates
        // Digests and counters go by their foreign keys.
        const ids = sql.in(held.map(encodeId))
        if (held.length > 0) yield* run(connection, sql`delete from ${tables.keys} where id in ${ids}`)
        for (const id of held) tell({ _tag: "Key", id: KeyId.make(id) })
        return { deleted: held.length, more: candidates.length === limit }
      })
    )
}
