import { type ApiKey, type Insertion, type NewKey, NotFoundError, type StoreError } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { Statement } from "@effect/sql/Statement"
import { Effect, Schema } from "effect"
import type { Dialect } from "./Dialect.js"
import { makeFences } from "./Fences.js"
import type { KeyCodec } from "./KeyCodec.js"
import type { Operations } from "./Operations.js"

const inserted: Insertion = { _tag: "Inserted" }
const notLinked: Insertion = { _tag: "NotLinked" }

/** The member of the port that inserts a key. */
export const makeInsert = (dialect: Dialect, operations: Operations, codec: KeyCodec) => {
  const { forShare, id, rows, run, sql, tables } = dialect
  const fences = makeFences(dialect)
  const encodeDigest = Schema.encodeSync(rows.Digest)
  const decodeDigest = Schema.decodeUnknownSync(Schema.NullOr(rows.Digest.fields.digest))

  const isAny = (connection: Connection, statement: Statement<object>) =>
    Effect.map(run(connection, statement), ([row]) => row !== undefined)

  const findExisting = (connection: Connection, { idempotencyKey, key }: NewKey) => {
    const where = sql`k.organization_id = ${id(key.organizationId)} and k.idempotency_key = ${idempotencyKey}`
    const columns = sql`${fences.columns(rows.Key)}, k.idempotency_digest`
    const statement = sql`select ${columns} from ${tables.keys} k ${fences.join} where ${where}`
    return Effect.map(run(connection, statement), ([row]) => (row === undefined ? null : existing(row)))
  }

  const existing = (row: unknown): Insertion => ({
    _tag: "Existing",
    key: codec.decode(row),
    idempotencyDigest: decodeDigest((row as { readonly idempotency_digest: unknown }).idempotency_digest)
  })

  /** The first of organization, project and product that is not there, or not of the organization. */
  const findAbsent = Effect.fnUntraced(function* (
    connection: Connection,
    { organizationId, productId, projectId }: ApiKey
  ): Effect.fn.Return<NotFoundError | null, SqlError> {
    const organization = sql`select id from ${tables.organizations} where id = ${id(organizationId)} ${forShare}`
    if (!(yield* isAny(connection, organization))) {
      return new NotFoundError({ entity: "organization", id: organizationId })
    }
    const ofOrganization = sql`organization_id = ${id(organizationId)} ${forShare}`
    if (projectId !== null) {
      const project = sql`select id from ${tables.projects} where id = ${id(projectId)} and ${ofOrganization}`
      if (!(yield* isAny(connection, project))) return new NotFoundError({ entity: "project", id: projectId })
    }
    if (productId !== null) {
      const product = sql`select id from ${tables.products} where id = ${id(productId)} and ${ofOrganization}`
      if (!(yield* isAny(connection, product))) return new NotFoundError({ entity: "product", id: productId })
    }
    return null
  })

  const isLinked = ({ productId, projectId }: ApiKey, connection: Connection) => {
    if (projectId === null || productId === null) return Effect.succeed(true)
    const where = sql`project_id = ${id(projectId)} and product_id = ${id(productId)} ${forShare}`
    return isAny(connection, sql`select project_id from ${tables.projectProducts} where ${where}`)
  }

  const write = Effect.fnUntraced(function* (connection: Connection, newKey: NewKey) {
    const { digest, idempotencyDigest, idempotencyKey, key } = newKey
    const row = {
      ...codec.encode(key),
      idempotency_key: idempotencyKey,
      idempotency_digest: idempotencyDigest === null ? null : dialect.bytes(idempotencyDigest),
      after_fence: yield* fences.lastNumber(connection)
    }
    yield* run(connection, sql`insert into ${tables.keys} ${sql.insert(row)}`)
    const digestRow = encodeDigest({
      digest: digest.bytes,
      key_id: key.id,
      secret_id: digest.secretId,
      created_at: key.createdAt,
      superseded_at: null,
      valid_until: null
    })
    yield* run(connection, sql`insert into ${tables.digests} ${sql.insert(digestRow)}`)
  })

  return (newKey: NewKey): Effect.Effect<Insertion, NotFoundError | StoreError> =>
    operations.change<Insertion, NotFoundError>("KeyStore.insert", (connection) =>
      Effect.gen(function* () {
        const before = newKey.idempotencyKey === null ? null : yield* findExisting(connection, newKey)
        if (before !== null) return before
        const absent = yield* findAbsent(connection, newKey.key)
        if (absent !== null) return yield* absent
        if (!(yield* isLinked(newKey.key, connection))) return notLinked
        yield* write(connection, newKey)
        return inserted
      })
    )
}
