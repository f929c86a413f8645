import {
  type KeyFence,
  type KeyOwner,
  type KeyStore,
  OrganizationId,
  type Revocation,
  type RevokedBatch
} from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect, Schema } from "effect"
import type { Dialect } from "./Dialect.js"
import { ownedBy } from "./KeyFilter.js"
import type { Operations } from "./Operations.js"
import { newestFirst } from "./Paging.js"

type Members = Pick<typeof KeyStore.Service, "fence" | "revokeFenced">

/** So many keys of an owner are looked at before a fence is made: where all of them are revoked, it is for nothing. */
const lookedAt = 64

const nothing: RevokedBatch = { revoked: 0, rest: null }

/** The members of the port that revoke all keys of an owner. */
export const makeKeyFences = (dialect: Dialect, operations: Operations): Members => {
  const { decodeId, id: encodeId, instant, run, sql, tables } = dialect
  const decodeFence = Schema.decodeUnknownSync(dialect.rows.Fence)
  const decodeInstant = Schema.decodeUnknownSync(dialect.rows.Key.fields.created_at)

  const newestOf = (connection: Connection, owner: KeyOwner, after: KeyFence["after"], take: number) => {
    const end = newestFirst(dialect, ownedBy(dialect, owner), { after, take }, "k")
    const columns = sql`k.id, k.organization_id, k.created_at, k.revoked_at`
    return Effect.map(run(connection, sql`select ${columns} from ${tables.keys} k ${end}`), (rows) =>
      (rows as ReadonlyArray<Record<"id" | "organization_id" | "created_at" | "revoked_at", unknown>>).map((row) => ({
        id: decodeId(row.id),
        organizationId: OrganizationId.make(decodeId(row.organization_id)),
        createdAt: decodeInstant(row.created_at).epochMillis,
        isRevoked: row.revoked_at !== null
      }))
    )
  }

  const fencesUpTo = (connection: Connection, organizationId: OrganizationId, number: number) => {
    const where = sql`organization_id = ${encodeId(organizationId)} and number <= ${number}`
    const statement = sql`select ${dialect.columns(dialect.rows.Fence)} from ${tables.fences} where ${where}`
    return Effect.map(run(connection, sql`${statement} order by number`), (rows) => rows.map((row) => decodeFence(row)))
  }

  /** The row of the numbers is held until the commit, so that they are in the order of commits. */
  const nextNumber = Effect.fnUntraced(function* (connection: Connection) {
    const isTheOne = sql`where id = 2`
    yield* run(connection, sql`update ${tables.changeSequence} set last_sequence = last_sequence + 1 ${isTheOne}`)
    const [row] = yield* run(connection, sql`select last_sequence from ${tables.changeSequence} ${isTheOne}`)
    return Number((row as { readonly last_sequence: unknown }).last_sequence)
  })

  const insertFence = (connection: Connection, { number, owner }: KeyFence, { at, reason }: Revocation) => {
    const idOrNull = (id: string | null) => (id === null ? null : encodeId(id))
    const row = {
      number,
      organization_id: idOrNull(owner.organizationId),
      project_id: idOrNull(owner.projectId),
      product_id: idOrNull(owner.productId),
      fenced_at: instant(at.epochMillis),
      reason
    }
    return run(connection, sql`insert into ${tables.fences} ${sql.insert(row)}`)
  }

  const fence = (owner: KeyOwner, revocation: Revocation) =>
    operations.change("KeyStore.fence", (connection, tell) =>
      Effect.gen(function* () {
        const newest = yield* newestOf(connection, owner, null, lookedAt)
        const [first] = newest
        if (first === undefined) return nothing
        const { organizationId } = first
        const allRevoked = newest.length < lookedAt && newest.every(({ isRevoked }) => isRevoked)
        if (allRevoked) {
          const standing = yield* fencesUpTo(connection, organizationId, Number.MAX_SAFE_INTEGER)
          if (standing.length === 0) return nothing
        }
        const made = { number: yield* nextNumber(connection), owner: { ...owner, organizationId }, after: null }
        yield* insertFence(connection, made, revocation)
        tell({ _tag: "KeysOfOrganization", id: organizationId })
        return { revoked: 0, rest: made }
      })
    )

  /** In the order of their ids, as those who charge them or count their uses. */
  const hold = (connection: Connection, ids: ReadonlyArray<unknown>) => {
    const listed = sql`where ${dialect.isOneOf("id", ids)} order by id ${dialect.forUpdate}`
    const inOrder = sql.onDialectOrElse({ mysql: () => sql`force index (primary) ${listed}`, orElse: () => listed })
    return run(connection, sql`select id from ${tables.keys} ${inOrder}`)
  }

  /**
   * Writes the rows of keys. Of several fences that stand before a key, the first one counts, whoever made it and whatever became
   * of the process that did.
   */
  const write = Effect.fnUntraced(function* (
    connection: Connection,
    { number, owner }: KeyFence,
    open: ReadonlyArray<string>
  ) {
    if (open.length === 0) return 0
    const ids = dialect.ids(open)
    if (dialect.locksRows) yield* hold(connection, ids)
    let revoked = 0
    for (const each of yield* fencesUpTo(connection, owner.organizationId, number)) {
      const time = instant(each.fenced_at.epochMillis)
      const behind = sql.and([
        ...ownedBy(dialect, { organizationId: null, projectId: each.project_id, productId: each.product_id }),
        sql`k.after_fence < ${each.number}`,
        sql`k.revoked_at is null`,
        dialect.isOneOf("k.id", ids)
      ])
      revoked += yield* dialect.affected(
        connection,
        sql`
          update ${tables.keys} as k set revoked_at = ${time}, revoked_reason = ${each.reason},
            updated_at = case when updated_at < ${time} then ${time} else updated_at end
          where ${behind}`
      )
    }
    return revoked
  })

  /** With it goes every fence before it whose keys are all among its own. */
  const takeDown = (connection: Connection, { number, owner }: KeyFence) => {
    const { organizationId, productId, projectId } = owner
    const within = [
      sql`organization_id = ${encodeId(organizationId)}`,
      sql`number <= ${number}`,
      ...(projectId === null ? [] : [sql`project_id = ${encodeId(projectId)}`]),
      ...(productId === null ? [] : [sql`product_id = ${encodeId(productId)}`])
    ]
    return run(connection, sql`delete from ${tables.fences} where ${sql.and(within)}`)
  }

  const revokeFenced = (standing: KeyFence, limit: number) =>
    operations.change("KeyStore.revokeFenced", (connection) =>
      Effect.gen(function* () {
        const { after, owner } = standing
        // Whoever inserts a key holds this row for share. So those who read their number before the fence are done by then, and
        // those after read the fence's: no key can come behind it that would be free once it is gone.
        if (after === null && dialect.locksRows) {
          const id = encodeId(owner.organizationId)
          yield* run(connection, sql`select id from ${tables.organizations} where id = ${id} ${dialect.forUpdate}`)
        }
        const keys = yield* newestOf(connection, owner, after, limit)
        const open = keys.filter(({ isRevoked }) => !isRevoked).map(({ id }) => id)
        const revoked = yield* write(connection, standing, open.sort())
        const last = keys[limit - 1]
        if (last !== undefined) {
          return { revoked, rest: { ...standing, after: { createdAt: last.createdAt, id: last.id } } }
        }
        yield* takeDown(connection, standing)
        return { revoked, rest: null }
      })
    )

  return { fence, revokeFenced }
}
