import {
  type FoundKey,
  type Instant,
  type KeyFilter,
  type KeyId,
  type KeyOwner,
  type KeyPatch,
  KeyStore,
  type PageSlice,
  type RateLimit,
  type Revocation,
  sharesState
} from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect, Encoding, Option, Schema } from "effect"
import { counterColumns, toCounter } from "./Counter.js"
import { type Dialect, padded } from "./Dialect.js"
import { makeKeyCodec } from "./KeyCodec.js"
import { matching, ownedBy } from "./KeyFilter.js"
import { makeKeyImport } from "./KeyImport.js"
import { makeInsert } from "./KeyInsertion.js"
import type { Operations } from "./Operations.js"
import { newestFirst } from "./Paging.js"

/** As many digests as are looked up in one statement. */
const maxLookedUp = 1024

/** The port over a database. */
export const makeKeyStore = (dialect: Dialect, operations: Operations) => {
  const { id: encodeId, instant, rows, run, sql, tables } = dialect
  const codec = makeKeyCodec(dialect)
  const columns = dialect.columns(rows.Key)
  const lookupColumns = dialect.columns(rows.Key, "k")
  const decodeBytes = Schema.decodeUnknownSync(rows.Digest.fields.digest)

  const findById = (connection: Connection, id: KeyId, lock = sql.literal("")) =>
    Effect.map(
      run(connection, sql`select ${columns} from ${tables.keys} where id = ${encodeId(id)} ${lock}`),
      ([row]) => Option.map(Option.fromNullable(row), codec.decode)
    )

  const findByDigests = (digests: ReadonlyArray<Uint8Array>) =>
    operations.read("KeyStore.findByDigests", (connection) =>
      Effect.gen(function* () {
        const found = new Map<string, FoundKey>()
        for (let start = 0; start < digests.length; start += maxLookedUp) {
          const asked = padded(digests.slice(start, start + maxLookedUp)).map(dialect.bytes)
          const statement = sql`
            select d.digest as found_digest, ${lookupColumns}
            from ${tables.digests} d join ${tables.keys} k on k.id = d.key_id
            where d.digest in ${sql.in(asked)}`
          for (const row of yield* run(connection, statement)) {
            const digest = decodeBytes((row as { readonly found_digest: unknown }).found_digest)
            found.set(Encoding.encodeHex(digest), { key: codec.decode(row), digest })
          }
        }
        return digests.map((bytes) => Option.fromNullable(found.get(Encoding.encodeHex(bytes))))
      })
    )

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
    operations.change("KeyStore.update", (connection) =>
      Effect.gen(function* () {
        const before = yield* findById(connection, id, dialect.forUpdate)
        if (Option.isNone(before)) return before
        const changes = sql.update(codec.patch(patch, at))
        yield* run(connection, sql`update ${tables.keys} set ${changes} where id = ${encodeId(id)}`)
        if (patch.rateLimits !== undefined) yield* dropDiscontinued(connection, id, patch.rateLimits)
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
    operations.change("KeyStore.revoke", (connection) =>
      Effect.zipRight(run(connection, revokeWhere(revocation, sql`id = ${encodeId(id)}`)), findById(connection, id))
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

  const revokeAll = (owner: KeyOwner, revocation: Revocation) =>
    operations.change("KeyStore.revokeAll", (connection) =>
      dialect.affected(connection, revokeWhere(revocation, lockedInOrder(sql.and(ownedBy(dialect, owner)))))
    )

  /** Digests and counters go by their foreign keys. */
  const remove = (id: KeyId) =>
    operations.change("KeyStore.delete", (connection) =>
      Effect.map(
        dialect.affected(connection, sql`delete from ${tables.keys} where id = ${encodeId(id)}`),
        (deleted) => deleted > 0
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
    delete: remove,
    ...makeKeyImport(dialect, operations, codec)
  })
}
