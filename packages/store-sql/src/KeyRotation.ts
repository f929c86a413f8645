import {
  type Digest,
  type Instant,
  type KeyId,
  maxSecrets,
  overlapEnd,
  type Rotation,
  type RotationOutcome,
  type SecretCount
} from "@apikeys/core"
import { Effect, Option, Schema } from "effect"
import type { Dialect } from "./Dialect.js"
import { makeFences } from "./Fences.js"
import type { KeyCodec } from "./KeyCodec.js"
import type { Operations } from "./Operations.js"
import type { Rows } from "./Rows.js"

/** The members of the port that are about the digests of keys. */
export const makeRotation = (dialect: Dialect, operations: Operations, codec: KeyCodec) => {
  const { id: encodeId, instant, rows, run, sql, tables } = dialect
  const encodeDigest = Schema.encodeSync(rows.Digest)
  const decodeDigest = Schema.decodeUnknownSync(rows.Digest)
  const fences = makeFences(dialect)

  /** None is prolonged. What ends at once goes at once: it is no secret any more. */
  const supersede = Effect.fnUntraced(function* (
    connection: Parameters<typeof run>[0],
    id: KeyId,
    at: Instant,
    until: Instant
  ) {
    const ofKey = sql`key_id = ${encodeId(id)}`
    const start = instant(at.epochMillis)
    const end = instant(until.epochMillis)
    yield* run(
      connection,
      sql`
        update ${tables.digests} set superseded_at = coalesce(superseded_at, ${start}),
          valid_until = case when valid_until is null or valid_until > ${end} then ${end} else valid_until end
        where ${ofKey}`
    )
    yield* run(connection, sql`delete from ${tables.digests} where ${ofKey} and valid_until <= ${start}`)
  })

  /** They are few, and all superseded. */
  const keepNewest = Effect.fnUntraced(function* (connection: Parameters<typeof run>[0], id: KeyId, count: number) {
    const all = sql`select ${dialect.columns(rows.Digest)} from ${tables.digests} where key_id = ${encodeId(id)}`
    const oldestFirst = (yield* run(connection, all)).map((row) => decodeDigest(row)).sort(bySuperseding)
    for (const { digest } of oldestFirst.slice(0, Math.max(0, oldestFirst.length - count))) {
      yield* run(connection, sql`delete from ${tables.digests} where digest = ${dialect.bytes(digest)}`)
    }
  })

  const rotate = (id: KeyId, { at, digest, hint, overlapMillis }: Rotation) =>
    operations.change("KeyStore.rotate", (connection, tell) =>
      Effect.gen(function* () {
        yield* run(connection, sql`select id from ${tables.keys} where id = ${encodeId(id)} ${dialect.forUpdate}`)
        const ofId = sql`select ${fences.columns(rows.Key)} from ${tables.keys} k ${fences.join} where k.id = ${encodeId(id)}`
        const [row] = yield* run(connection, ofId)
        if (row === undefined) return Option.none<RotationOutcome>()
        const before = codec.decode(row)
        if (before.revokedAt !== null) return Option.some<RotationOutcome>({ _tag: "Revoked", key: before })
        const until = overlapEnd(before, at, overlapMillis)
        yield* supersede(connection, id, at, until)
        yield* keepNewest(connection, id, maxSecrets - 1)
        const current = encodeDigest({
          digest: digest.bytes,
          key_id: id,
          secret_id: digest.secretId,
          created_at: at,
          superseded_at: null,
          valid_until: null
        })
        yield* run(connection, sql`insert into ${tables.digests} ${sql.insert(current)}`)
        const changes = sql.update({ hint, updated_at: instant(at.epochMillis) })
        yield* run(connection, sql`update ${tables.keys} set ${changes} where id = ${encodeId(id)}`)
        const [after] = yield* run(connection, ofId)
        tell({ _tag: "Key", id })
        return Option.some<RotationOutcome>({ _tag: "Rotated", key: codec.decode(after), until })
      })
    )

  /**
   * One statement on one row, which decides by itself whether that row is still there. Nobody is told: it opens the
   * same key to the same plaintext.
   */
  const redigest = (from: Uint8Array, to: Digest) =>
    operations.change("KeyStore.redigest", (connection) =>
      Effect.gen(function* () {
        const there = sql`select key_id from ${tables.digests} where digest = ${dialect.bytes(to.bytes)}`
        if ((yield* run(connection, there)).length > 0) return false
        const changes = sql.update({ digest: dialect.bytes(to.bytes), secret_id: to.secretId })
        const statement = sql`update ${tables.digests} set ${changes} where digest = ${dialect.bytes(from)}`
        return (yield* dialect.affected(connection, statement)) > 0
      })
    )

  const countSecrets = (now: Instant) =>
    operations.read("KeyStore.countSecrets", (connection) => {
      const count = (isSuperseded: 0 | 1, where: ReturnType<typeof sql.literal>) => sql`
        select secret_id, ${sql.literal(String(isSuperseded))} as is_superseded, count(*) as digests
        from ${tables.digests} where ${where} group by secret_id`
      const current = count(0, sql`superseded_at is null`)
      // A range of the index, as `is not null` is not everywhere.
      const times = sql.and([sql`superseded_at >= ${instant(0)}`, sql`valid_until > ${instant(now.epochMillis)}`])
      return Effect.map(run(connection, sql`${current} union all ${count(1, times)}`), toCounts)
    })

  /** Between the known ids there is next to nothing in the index, and the ranges say so: `not in` reads all of it. */
  const countUnserved = (secretIds: ReadonlyArray<string>) =>
    operations.read("KeyStore.countUnserved", (connection) => {
      const known = [...new Set(secretIds)].sort()
      const ranges = [null, ...known].map((above, i) => {
        const below = known[i]
        const bounds = [
          ...(above === null ? [] : [sql`secret_id > ${above}`]),
          ...(below === undefined ? [] : [sql`secret_id < ${below}`]),
          sql`superseded_at is null`
        ]
        return sql`(select count(*) from ${tables.digests} where ${sql.and(bounds)})`
      })
      return Effect.map(run(connection, sql`select ${sql.join(" + ", false)(ranges)} as unserved`), ([row]) =>
        Number((row as { readonly unserved: unknown }).unserved)
      )
    })

  return { rotate, redigest, countSecrets, countUnserved }
}

type Superseded = Rows["Digest"]["Type"]

const millis = (at: Instant | null): number => at?.epochMillis ?? 0

/** Of those of one time the ones that were made first. */
const bySuperseding = (one: Superseded, other: Superseded): number =>
  millis(one.superseded_at) - millis(other.superseded_at) || millis(one.created_at) - millis(other.created_at)

const toCounts = (rows: ReadonlyArray<unknown>): ReadonlyArray<SecretCount> => {
  const counts = new Map<string, SecretCount>()
  for (const row of rows) {
    const { digests, is_superseded, secret_id } = row as {
      readonly secret_id: string
      readonly is_superseded: unknown
      readonly digests: unknown
    }
    const count = counts.get(secret_id) ?? { secretId: secret_id, current: 0, superseded: 0 }
    counts.set(secret_id, { ...count, [Number(is_superseded) === 0 ? "current" : "superseded"]: Number(digests) })
  }
  return [...counts.values()]
}
