import type { KeyStore, SecretName } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect, Schema } from "effect"
import { type Dialect, padded } from "./Dialect.js"
import type { Operations } from "./Operations.js"

/** The row of the table of signing secrets' ids that holds the salt of their fingerprints. */
export const saltId = "salt"

type Members = Pick<typeof KeyStore.Service, "secretNames" | "nameSecrets" | "renameSecret">

interface Row {
  readonly id: string
  readonly fingerprint: unknown
}

/** The members of the port that are about the names of signing secrets. A row without a fingerprint is a former name. */
export const makeSecretIds = (dialect: Dialect, operations: Operations): Members => {
  const { bytes, instant, rows, run, sql, tables } = dialect
  const decodeBytes = Schema.decodeUnknownSync(rows.Digest.fields.digest)

  const secretNames = () =>
    operations.read("KeyStore.secretNames", (connection) =>
      Effect.map(
        run(
          connection,
          sql`select id, fingerprint from ${tables.secretIds} where id = ${saltId} or fingerprint is null`
        ),
        (found) => {
          const all = found as ReadonlyArray<Row>
          return {
            salt: decodeBytes(all.find(({ id }) => id === saltId)?.fingerprint),
            former: all.flatMap(({ fingerprint, id }) => (fingerprint === null ? [id] : []))
          }
        }
      )
    )

  /** By the fingerprint in latin1, whose bytes it has. */
  const idsOf = (connection: Connection, secrets: ReadonlyArray<SecretName>) => {
    const asked = sql.in(padded(secrets.map(({ fingerprint }) => bytes(fingerprint))))
    const statement = sql`select id, fingerprint from ${tables.secretIds} where fingerprint in ${asked}`
    return Effect.map(run(connection, statement), (found) => {
      const ids = new Map((found as ReadonlyArray<Row>).map((row) => [nameOf(decodeBytes(row.fingerprint)), row.id]))
      return secrets.map(({ fingerprint }) => ids.get(nameOf(fingerprint)) ?? null)
    })
  }

  const keep = sql.onDialectOrElse({
    mysql: () => (row: { readonly id: string; readonly fingerprint: unknown }) =>
      sql`insert ignore into ${tables.secretIds} ${sql.insert(row)}`,
    orElse: () => (row: { readonly id: string; readonly fingerprint: unknown }) =>
      sql`insert into ${tables.secretIds} ${sql.insert(row)} on conflict do nothing`
  })

  const allOf = (ids: ReadonlyArray<string | null>): ReadonlyArray<string> | null =>
    ids.every((id) => id !== null) ? ids : null

  /** What another one keeps at the same time is waited for, and found then. */
  const draw = (secrets: ReadonlyArray<SecretName>) =>
    operations.change("KeyStore.nameSecrets", (connection) =>
      Effect.gen(function* () {
        for (const { fingerprint, id } of secrets) yield* run(connection, keep({ id, fingerprint: bytes(fingerprint) }))
        const ids = allOf(yield* idsOf(connection, secrets))
        return ids ?? (yield* Effect.dieMessage("no id was kept of a signing secret"))
      })
    )

  /** Nearly always all are known, and nothing is written. */
  const nameSecrets: Members["nameSecrets"] = (secrets) =>
    secrets.length === 0
      ? Effect.succeed([])
      : Effect.flatMap(
          operations.read("KeyStore.nameSecrets", (connection) => idsOf(connection, secrets)),
          (ids) => {
            const known = allOf(ids)
            return known === null ? draw(secrets) : Effect.succeed(known)
          }
        )

  const rename = sql.onDialectOrElse({
    mysql: () => (id: string, where: ReturnType<typeof sql.literal>, limit: number) =>
      sql`update ${tables.digests} set secret_id = ${id} where ${where} limit ${sql.literal(String(limit))}`,
    orElse: () => (id: string, where: ReturnType<typeof sql.literal>, limit: number) => {
      const some = sql`select digest from ${tables.digests} where ${where} limit ${sql.literal(String(limit))}`
      return sql`update ${tables.digests} set secret_id = ${id} where digest in (${some})`
    }
  })

  /** By ranges of the index, which has the current digests and those that are superseded apart. */
  const renameSecret: Members["renameSecret"] = (former, id, limit) =>
    operations.change("KeyStore.renameSecret", (connection) =>
      Effect.gen(function* () {
        const isOf = sql`secret_id = ${former}`
        const current = sql.and([sql`superseded_at is null`, isOf])
        const superseded = sql.and([sql`superseded_at >= ${instant(0)}`, isOf])
        let renamed = yield* dialect.affected(connection, rename(id, current, limit))
        if (renamed === 0) renamed = yield* dialect.affected(connection, rename(id, superseded, limit))
        if (renamed > 0) return renamed
        yield* run(connection, sql`delete from ${tables.secretIds} where id = ${former} and fingerprint is null`)
        return 0
      })
    )

  return { secretNames, nameSecrets, renameSecret }
}

const nameOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
