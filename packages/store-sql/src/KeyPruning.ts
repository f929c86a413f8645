import { KeyId, type PrunedBatch, type Pruning } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect } from "effect"
import type { Dialect } from "./Dialect.js"
import { makeFences } from "./Fences.js"
import { ownedBy } from "./KeyFilter.js"
import type { Operations } from "./Operations.js"

const nothing: PrunedBatch = { deleted: 0, more: false }

/** The member of the port that deletes keys which ended long ago. */
export const makePrune = (dialect: Dialect, operations: Operations) => {
  const { decodeId, id: encodeId, instant, run, sql, tables } = dialect
  const { any, covers, isFenced } = makeFences(dialect)

  const idsOf = (connection: Connection, statement: Parameters<typeof run>[1]) =>
    Effect.map(run(connection, statement), (rows) => rows.map((row) => decodeId((row as { readonly id: unknown }).id)))

  /**
   * The ways in which a key has ended: each of the first two has an index of its own. Hardly ever is there a fence, behind which
   * keys are revoked although their rows do not say so.
   */
  const endings = ({ expiredBefore, organizationId, revokedBefore }: Pruning, fenced: boolean) => {
    const owned = ownedBy(dialect, { organizationId, projectId: null, productId: null })
    const ways: Array<ReturnType<typeof sql.and>> = []
    if (revokedBefore !== null) {
      const before = instant(revokedBefore.epochMillis)
      ways.push(sql.and([...owned, sql`k.revoked_at < ${before}`]))
      const fences = sql`select g.number from ${tables.fences} g where ${covers} and g.fenced_at < ${before}`
      const behind = sql`k.organization_id in (select g.organization_id from ${tables.fences} g) and exists (${fences})`
      if (fenced) ways.push(sql.and([...owned, sql`k.revoked_at is null`, behind]))
    }
    if (expiredBefore !== null) {
      const expired = [sql`k.revoked_at is null`, sql`k.expires_at < ${instant(expiredBefore.epochMillis)}`]
      ways.push(sql.and([...owned, ...expired, ...(fenced ? [sql`not ${isFenced}`] : [])]))
    }
    return ways
  }

  /** Held in the order of their ids, and looked at once more: one may have been prolonged meanwhile. */
  const hold = (connection: Connection, ids: ReadonlyArray<string>, ended: ReturnType<typeof endings>) => {
    const listed = sql`where k.id in ${sql.in(ids.map(encodeId))} and ${sql.or(ended)} order by k.id ${dialect.forUpdate}`
    const inOrder = sql.onDialectOrElse({ mysql: () => sql`force index (primary) ${listed}`, orElse: () => listed })
    return idsOf(connection, sql`select k.id from ${tables.keys} k ${inOrder}`)
  }

  return (pruning: Pruning, limit: number) =>
    operations.change("KeyStore.prune", (connection, tell) =>
      Effect.gen(function* () {
        const ended = endings(pruning, yield* any(connection))
        const candidates: Array<string> = []
        for (const condition of ended) {
          const left = limit - candidates.length
          if (left === 0) break
          const statement = sql`select k.id from ${tables.keys} k where ${condition} limit ${left}`
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
