import {
  type Disabling,
  type FoundKey,
  type Instant,
  type KeyFilter,
  type KeyId,
  type KeyPatch,
  KeyStore,
  type PageSlice,
  type RateLimit,
  type Revocation,
  sharesState
} from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect, Option } from "effect"
import { counterColumns, toCounter } from "./Counter.js"
import { type Dialect, padded } from "./Dialect.js"
import { makeFences } from "./Fences.js"
import { foundColumns, makeKeyCodec } from "./KeyCodec.js"
import { makeKeyFences } from "./KeyFences.js"
import { matching } from "./KeyFilter.js"
import { makeKeyImport } from "./KeyImport.js"
import { makeInsert } from "./KeyInsertion.js"
import { makePrune } from "./KeyPruning.js"
import { makeRotation } from "./KeyRotation.js"
import type { Operations } from "./Operations.js"
import { newestFirst } from "./Paging.js"
import type { Script } from "./Script.js"
import { makeSecretIds } from "./SecretIds.js"

/** As many digests as are looked up in one statement. */
const maxLookedUp = 1024

const nameOf = ({ buffer, byteLength, byteOffset }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("latin1")

/** The port over a database. */
export const makeKeyStore = (dialect: Dialect, operations: Operations) => {
  const { id: encodeId, instant, rows, run, sql, tables } = dialect
  const codec = makeKeyCodec(dialect)
  const fences = makeFences(dialect)
  const columns = fences.columns(rows.Key)

  const findById = (connection: Connection, id: KeyId) =>
    Effect.map(
      run(connection, sql`select ${columns} from ${tables.keys} k ${fences.join} where k.id = ${encodeId(id)}`),
      ([row]) => Option.map(Option.fromNullable(row), codec.decode)
    )

  const lookUpRows = dialect.prepared<unknown>(
    (digests) => sql`
      select ${sql.literal(foundColumns)}
      from ${tables.digests} d join ${tables.keys} k on k.id = d.key_id ${fences.join}
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

  /** Hardly ever is there a fence; without one, keys are read as they are. */
  const list = (filter: KeyFilter, slice: PageSlice) =>
    operations.read("KeyStore.list", (connection) =>
      Effect.gen(function* () {
        const fenced = yield* fences.any(connection)
        const end = newestFirst(dialect, matching(dialect, filter, fenced), slice, "k")
        const keys = fenced
          ? sql`select ${columns} from ${tables.keys} k ${fences.join} ${end}`
          : sql`select ${dialect.columns(rows.Key, "k")} from ${tables.keys} k ${end}`
        return (yield* run(connection, keys)).map(codec.decode)
      })
    )

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
        const held = sql`select id from ${tables.keys} where id = ${encodeId(id)} ${dialect.forUpdate}`
        if ((yield* run(connection, held)).length === 0) return Option.none()
        const changes = sql.update(codec.patch(patch, at))
        yield* run(connection, sql`update ${tables.keys} set ${changes} where id = ${encodeId(id)}`)
        if (patch.rateLimits !== undefined) yield* dropDiscontinued(connection, id, patch.rateLimits)
        tell({ _tag: "Key", id })
        return yield* findById(connection, id)
      })
    )

  /** Of a key behind a fence, the fence's time and reason stay, although its row does not have them yet. */
  const revoke = (id: KeyId, { at, reason }: Revocation) =>
    operations.change("KeyStore.revoke", (connection, tell) =>
      Effect.gen(function* () {
        const time = instant(at.epochMillis)
        const changes = sql.update({ revoked_at: time, revoked_reason: reason, updated_at: time })
        const isOpen = sql`k.revoked_at is null and not ${fences.isFenced} and k.id = ${encodeId(id)}`
        const statement = sql`update ${tables.keys} as k set ${changes} where ${isOpen}`
        if ((yield* dialect.affected(connection, statement)) > 0) tell({ _tag: "Key", id })
        return yield* findById(connection, id)
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
    ...makeKeyFences(dialect, operations),
    disable,
    enable,
    ...makeRotation(dialect, operations, codec),
    ...makeSecretIds(dialect, operations),
    prune: makePrune(dialect, operations),
    delete: remove,
    ...makeKeyImport(dialect, operations, codec)
  })
}
