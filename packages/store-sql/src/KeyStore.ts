import {
  type Disabling,
  type FoundKey,
  type Instant,
  type KeyFilter,
  type KeyId,
  type KeyOwner,
  type KeyPatch,
  KeyStore,
  OrganizationId,
  type PageSlice,
  type RateLimit,
  type Revocation,
  sharesState
} from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect, Option } from "effect"
import { counterColumns, toCounter } from "./Counter.js"
import { type Dialect, padded } from "./Dialect.js"
import { foundColumns, makeKeyCodec } from "./KeyCodec.js"
import { matching, ownedBy } from "./KeyFilter.js"
import { makeKeyImport } from "./KeyImport.js"
import { makeInsert } from "./KeyInsertion.js"
import { makePrune } from "./KeyPruning.js"
import { makeRotation } from "./KeyRotation.js"
import type { Operations } from "./Operations.js"
import { newestFirst } from "./Paging.js"
import type { Script } from "./Script.js"

/** As many digests as are looked up in one statement. */
const maxLookedUp = 1024

const nameOf = ({ buffer, byteLength, byteOffset }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("latin1")

/** The port over a database. */
export const makeKeyStore = (dialect: Dialect, operations: Operations) => {
  const { id: encodeId, instant, rows, run, sql, tables } = dialect
  const codec = makeKeyCodec(dialect)
  const columns = dialect.columns(rows.Key)

  const findById = (connection: Connection, id: KeyId, lock = sql.literal("")) =>
    Effect.map(
      run(connection, sql`select ${columns} from ${tables.keys} where id = ${encodeId(id)} ${lock}`),
      ([row]) => Option.map(Option.fromNullable(row), codec.decode)
    )

  const lookUpRows = dialect.prepared<unknown>(
    (digests) => sql`
      select ${sql.literal(foundColumns)}
      from ${tables.digests} d join ${tables.keys} k on k.id = d.key_id
      where d.digest in ${sql.in(digests)}`,
    (digests) => digests,
    true
  )

  const lookUp = function* (digests: ReadonlyArray<Uint8Array>): Script<ReadonlyArray<Option.Option<FoundKey>>> {
    const byName = new Map<string, FoundKey>()
    for (let start = 0; start < digests.length; start += maxLookedUp) {
      const piece = digests.slice(start, start + maxLookedUp)
      for (const row of yield lookUpRows(padded(piece).map(dialect.bytes))) {
        const found = codec.decodeFound(row as ReadonlyArray<unknown>)
        byName.set(nameOf(found.digest), found)
      }
    }
    return digests.map((bytes) => Option.fromNullable(byName.get(nameOf(bytes))))
  }

  const findByDigests = (digests: ReadonlyArray<Uint8Array>) =>
    digests.length === 0 ? Effect.succeed([]) : operations.readBy("KeyStore.findByDigests", () => lookUp(digests))

  const list = (filter: KeyFilter, slice: PageSlice) =>
    operations.read("KeyStore.list", (connection) => {
      const end = newestFirst(dialect, matching(dialect, filter), slice)
      return Effect.map(run(connection, sql`select ${columns} from ${tables.keys} ${end}`), (found) =>
        found.map(codec.decode)
      )
    })

  const dropDiscontinued = Effect.fnUntraced(function* (
    connection: Connection,
    id: KeyId,
    limits: ReadonlyArray<RateLimit>
  ) {
    const ofKey = sql`key_id = ${encodeId(id)}`
    const kept = sql`select ${sql.literal(counterColumns)} from ${tables.rateLimits} r where ${ofKey}`
    const counters = (yield* run(connection, kept)).map(toCounter)
    const names = counters.filter((counter) => !limits.some((limit) => sharesState(limit, counter))).map((c) => c.name)
    if (names.length === 0) return
    yield* run(connection, sql`delete from ${tables.rateLimits} where ${ofKey} and name in ${sql.in(padded(names))}`)
  })

  const update = (id: KeyId, patch: KeyPatch, at: Instant) =>
    operations.change("KeyStore.update", (connection, tell) =>
      Effect.gen(function* () {
        const before = yield* findById(connection, id, dialect.forUpdate)
        if (Option.isNone(before)) return before
        const changes = sql.update(codec.patch(patch, at))
        yield* run(connection, sql`update ${tables.keys} set ${changes} where id = ${encodeId(id)}`)
        if (patch.rateLimits !== undefined) yield* dropDiscontinued(connection, id, patch.rateLimits)
        tell({ _tag: "Key", id })
        return yield* findById(connection, id)
      })
    )

  const revokeWhere = ({ at, reason }: Revocation, where: ReturnType<typeof sql.literal>) => {
    const changes = sql.update({
      revoked_at: instant(at.epochMillis),
      revoked_reason: reason,
      updated_at: instant(at.epochMillis)
    })
    return sql`update ${tables.keys} set ${changes} where revoked_at is null and ${where}`
  }

  const revoke = (id: KeyId, revocation: Revocation) =>
    operations.change("KeyStore.revoke", (connection, tell) =>
      Effect.gen(function* () {
        const revoked = yield* dialect.affected(connection, revokeWhere(revocation, sql`id = ${encodeId(id)}`))
        if (revoked > 0) tell({ _tag: "Key", id })
        return yield* findById(connection, id)
      })
    )

  /** An update goes through rows in whatever order, and uses are recorded meanwhile, in the order of their ids. */
  const lockedInOrder = (where: ReturnType<typeof sql.literal>) =>
    sql.onDialectOrElse({
      pg: () => {
        const held = sql`select id from ${tables.keys} where revoked_at is null and ${where}`
        return sql`id in (${held} order by id ${dialect.forUpdate})`
      },
      orElse: () => where
    })

  /** Whose keys the keys of an owner are. */
  const organizationsOf = ({ organizationId, productId, projectId }: KeyOwner, connection: Connection) => {
    if (organizationId !== null) return Effect.succeed([organizationId])
    const where = (id: string) => sql`where id = ${encodeId(id)}`
    const owners =
      projectId !== null
        ? sql`select organization_id as id from ${tables.projects} ${where(projectId)}`
        : productId !== null
          ? sql`select organization_id as id from ${tables.products} ${where(productId)}`
          : sql`select id from ${tables.organizations}`
    return Effect.map(run(connection, owners), (found) =>
      found.map((row) => OrganizationId.make(dialect.decodeId((row as { readonly id: unknown }).id)))
    )
  }

  const revokeAll = (owner: KeyOwner, revocation: Revocation) =>
    operations.change("KeyStore.revokeAll", (connection, tell) =>
      Effect.gen(function* () {
        const where = lockedInOrder(sql.and(ownedBy(dialect, owner)))
        const revoked = yield* dialect.affected(connection, revokeWhere(revocation, where))
        if (revoked === 0) return 0
        for (const id of yield* organizationsOf(owner, connection)) tell({ _tag: "KeysOfOrganization", id })
        return revoked
      })
    )

  const disable = (id: KeyId, { at, reason }: Disabling) =>
    operations.change("KeyStore.disable", (connection, tell) =>
      Effect.gen(function* () {
        const time = instant(at.epochMillis)
        const changes = sql.update({ disabled_at: time, disabled_reason: reason, updated_at: time })
        const statement = sql`update ${tables.keys} set ${changes} where disabled_at is null and id = ${encodeId(id)}`
        if ((yield* dialect.affected(connection, statement)) > 0) tell({ _tag: "Key", id })
        return yield* findById(connection, id)
      })
    )

  const enable = (id: KeyId, at: Instant) =>
    operations.change("KeyStore.enable", (connection, tell) =>
      Effect.gen(function* () {
        const changes = sql.update({ disabled_at: null, disabled_reason: null, updated_at: instant(at.epochMillis) })
        const statement = sql`update ${tables.keys} set ${changes} where disabled_at is not null and id = ${encodeId(id)}`
        if ((yield* dialect.affected(connection, statement)) > 0) tell({ _tag: "Key", id })
        return yield* findById(connection, id)
      })
    )

  /** Digests and counters go by their foreign keys. */
  const remove = (id: KeyId) =>
    operations.change("KeyStore.delete", (connection, tell) =>
      Effect.map(
        dialect.affected(connection, sql`delete from ${tables.keys} where id = ${encodeId(id)}`),
        (deleted) => {
          if (deleted > 0) tell({ _tag: "Key", id })
          return deleted > 0
        }
      )
    )

  return KeyStore.of({
    insert: makeInsert(dialect, operations, codec),
    findByDigests,
    find: (id) => operations.read("KeyStore.find", (connection) => findById(connection, id)),
    list,
    update,
    revoke,
    revokeAll,
    disable,
    enable,
    ...makeRotation(dialect, operations, codec),
    prune: makePrune(dialect, operations),
    delete: remove,
    ...makeKeyImport(dialect, operations, codec)
  })
}
