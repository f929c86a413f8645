import {
  type Digest,
  type KeyId,
  type KeyImport,
  type KeyImportOutcome,
  type KeyStore,
  StoreError,
  secretOf,
  unkeyed
} from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { ArrayHelper, Fragment, Statement } from "@effect/sql/Statement"
import { Data, Effect, Encoding, Schema } from "effect"
import { type Dialect, padded } from "./Dialect.js"
import { makeFences } from "./Fences.js"
import type { KeyCodec } from "./KeyCodec.js"
import type { Operations } from "./Operations.js"
import { makeRowInsertion } from "./RowInsertion.js"
import { saltId } from "./SecretIds.js"

type Members = Pick<typeof KeyStore.Service, "insertMany">

/** As many values as one statement asks about. */
const maxAsked = 1024

/** Enough for any race: each time, somebody else inserted some of the same keys. */
const looks = 20

/** Something that is to be inserted is there already, and nothing was written. */
class Overtaken extends Data.TaggedError("Overtaken") {}

const isOvertaken = ({ _tag }: Overtaken | StoreError): boolean => _tag === "Overtaken"

/** A key that has a digest, and its organization. */
interface Holder {
  readonly keyId: string
  readonly organizationId: string
}

/** What a store knows about the keys of an import before it inserts any. */
interface Known {
  readonly organizations: ReadonlySet<string>
  /** The organization of each project and product. */
  readonly owners: ReadonlyMap<string, string>
  readonly links: ReadonlySet<string>
  /** Whose a digest is. */
  readonly digests: Map<string, Holder>
  /** Of each key that is there: its organization, and the secrets of its digests. */
  readonly keys: Map<string, { readonly organizationId: string; readonly secretIds: Set<string> }>
}

const linkOf = (projectId: string, productId: string): string => `${projectId} ${productId}`

const absentOf = ({ organizationId, productId, projectId }: KeyImport["key"], { organizations, owners }: Known) => {
  if (!organizations.has(organizationId)) return "organization"
  if (projectId !== null && owners.get(projectId) !== organizationId) return "project"
  return productId !== null && owners.get(productId) !== organizationId ? "product" : null
}

const hexOf = ({ bytes }: Digest): string => Encoding.encodeHex(bytes)

/** Every form in which the plaintext of an import may be there. */
const formsOf = ({ digest, otherDigests }: KeyImport): ReadonlyArray<Digest> => [digest, ...otherDigests]

/** Every id under which an import may have inserted its key. */
const idsOf = ({ key, otherIds }: KeyImport): ReadonlyArray<KeyId> => [key.id, ...otherIds]

/** Whose the plaintext is already: another organization's goes first. */
const holderOf = (known: Known, each: KeyImport): Holder | undefined => {
  const holders = formsOf(each).flatMap((form) => known.digests.get(hexOf(form)) ?? [])
  return holders.find(({ organizationId }) => organizationId !== each.key.organizationId) ?? holders[0]
}

/** What becomes of one key; one that is to be inserted is known from then on. */
const settle = (known: Known, each: KeyImport): KeyImportOutcome => {
  const { digest, key } = each
  const { id, organizationId, productId, projectId } = key
  const held = holderOf(known, each)
  if (held !== undefined) {
    return held.organizationId === organizationId
      ? { _tag: "Existing", keyId: held.keyId as typeof id }
      : { _tag: "Taken", field: "digest" }
  }
  const keyId = idsOf(each).find((one) => known.keys.has(one))
  const holder = keyId === undefined ? undefined : known.keys.get(keyId)
  if (keyId !== undefined && holder !== undefined) {
    return holder.organizationId === organizationId
      ? { _tag: "OtherDigest", keyId, renewed: !holder.secretIds.has(digest.secretId) }
      : { _tag: "Taken", field: "id" }
  }
  const absent = absentOf(key, known)
  if (absent !== null) return { _tag: "Absent", entity: absent }
  if (projectId !== null && productId !== null && !known.links.has(linkOf(projectId, productId))) {
    return { _tag: "NotLinked" }
  }
  known.digests.set(hexOf(digest), { keyId: id, organizationId })
  known.keys.set(id, { organizationId, secretIds: new Set([digest.secretId]) })
  return { _tag: "Inserted" }
}

const distinct = (values: ReadonlyArray<string | null>): ReadonlyArray<string> => [
  ...new Set(values.filter((value) => value !== null))
]

/** Whether the key of an import may be there in a form that its insertion does not meet. */
const hasOtherForms = ({ otherDigests, otherIds }: KeyImport): boolean => otherDigests.length + otherIds.length > 0

/** Whether somebody else may insert the same plaintext by another signing secret, which no index keeps apart. */
const isRaced = ({ digest, otherDigests }: KeyImport): boolean =>
  otherDigests.some(({ secretId }) => secretId !== unkeyed && secretOf(secretId) !== secretOf(digest.secretId))

/** Values in pieces of at most so many, none of which is of two imports in part. */
const piecesOf = <A>(lists: ReadonlyArray<ReadonlyArray<A>>, size: number): ReadonlyArray<ReadonlyArray<A>> => {
  const pieces: Array<Array<A>> = []
  for (const list of lists) {
    const last = pieces[pieces.length - 1]
    if (last === undefined || last.length + list.length > size) pieces.push([...list])
    else last.push(...list)
  }
  return pieces
}

/** The members of the port that take over keys. */
export const makeKeyImport = (dialect: Dialect, operations: Operations, codec: KeyCodec): Members => {
  const { bytes, decodeId, forShare, id, instant, rows, run, sql, tables } = dialect
  const fences = makeFences(dialect)
  const decodeDigest = Schema.decodeUnknownSync(rows.Digest.fields.digest)
  const decodeLink = Schema.decodeUnknownSync(rows.Link)

  /** What belongs together is asked about by one statement, which sees all of it as it is at one time. */
  const askTogether = Effect.fnUntraced(function* <Row>(
    connection: Connection,
    values: ReadonlyArray<ReadonlyArray<unknown>>,
    statement: (asked: ArrayHelper) => Statement<object>
  ): Effect.fn.Return<ReadonlyArray<Row>, SqlError> {
    const found: Array<Row> = []
    for (const piece of piecesOf(values, maxAsked)) {
      for (const row of yield* run(connection, statement(sql.in(padded(piece))))) found.push(row as Row)
    }
    return found
  })

  const ask = <Row>(
    connection: Connection,
    values: ReadonlyArray<unknown>,
    statement: (asked: ArrayHelper) => Statement<object>
  ) =>
    askTogether<Row>(
      connection,
      values.map((value) => [value]),
      statement
    )

  /** Locked until the transaction ends, so that what is inserted belongs to what is there. */
  const ownersOf = (connection: Connection, table: Fragment, ids: ReadonlyArray<string>) =>
    Effect.map(
      ask<{ readonly id: unknown; readonly organization_id: unknown }>(
        connection,
        ids.map(id),
        (asked) => sql`select id, organization_id from ${table} where id in ${asked} order by id ${forShare}`
      ),
      (found) => found.map((row) => [decodeId(row.id), decodeId(row.organization_id)] as const)
    )

  const linksOf = (connection: Connection, projectIds: ReadonlyArray<string>) =>
    Effect.map(
      ask(
        connection,
        projectIds.map(id),
        (asked) =>
          sql`select project_id, product_id from ${tables.projectProducts} where project_id in ${asked} ${forShare}`
      ),
      (found) => found.map((row) => decodeLink(row)).map((link) => linkOf(link.project_id, link.product_id))
    )

  /** To whom keys may belong. */
  const lookAtOwners = Effect.fnUntraced(function* (
    connection: Connection,
    imports: ReadonlyArray<KeyImport>
  ): Effect.fn.Return<Known, SqlError> {
    const keys = imports.map(({ key }) => key)
    const organizations = yield* ask<{ readonly id: unknown }>(
      connection,
      distinct(keys.map(({ organizationId }) => organizationId)).map(id),
      (asked) => sql`select id from ${tables.organizations} where id in ${asked} order by id ${forShare}`
    )
    const projects = yield* ownersOf(connection, tables.projects, distinct(keys.map(({ projectId }) => projectId)))
    const products = yield* ownersOf(connection, tables.products, distinct(keys.map(({ productId }) => productId)))
    const narrowedTwice = keys.map(({ productId, projectId }) => (productId === null ? null : projectId))
    const links = yield* linksOf(connection, distinct(narrowedTwice))
    return {
      organizations: new Set(organizations.map((row) => decodeId(row.id))),
      owners: new Map([...projects, ...products]),
      links: new Set(links),
      digests: new Map(),
      keys: new Map()
    }
  })

  /** The same, and what is there of the keys already. */
  const look = Effect.fnUntraced(function* (
    connection: Connection,
    imports: ReadonlyArray<KeyImport>
  ): Effect.fn.Return<Known, SqlError> {
    const owners = yield* lookAtOwners(connection, imports)
    // Each statement sees what others committed before it. So a key that comes in between is known by its digest, and
    // of one whose digest is replaced in between the secrets are those after.
    const there = yield* ask<{ readonly id: unknown; readonly organization_id: unknown }>(
      connection,
      imports.flatMap(idsOf).map(id),
      (asked) => sql`select id, organization_id from ${tables.keys} where id in ${asked}`
    )
    const digests = yield* askTogether<{
      readonly digest: unknown
      readonly key_id: unknown
      readonly organization_id: unknown
    }>(
      connection,
      imports.map((each) => formsOf(each).map((form) => bytes(form.bytes))),
      (asked) => sql`
        select d.digest, d.key_id, k.organization_id
        from ${tables.digests} d join ${tables.keys} k on k.id = d.key_id
        where d.digest in ${asked}`
    )
    const known: Known = {
      ...owners,
      digests: new Map(
        digests.map((row) => [
          Encoding.encodeHex(decodeDigest(row.digest)),
          { keyId: decodeId(row.key_id), organizationId: decodeId(row.organization_id) }
        ])
      ),
      keys: new Map(
        there.map((row) => [decodeId(row.id), { organizationId: decodeId(row.organization_id), secretIds: new Set() }])
      )
    }
    const others = imports.filter((each) => holderOf(known, each) === undefined).flatMap(idsOf)
    const secrets = yield* ask<{ readonly key_id: unknown; readonly secret_id: string }>(
      connection,
      others.filter((one) => known.keys.has(one)).map(id),
      (asked) => sql`select key_id, secret_id from ${tables.digests} where key_id in ${asked}`
    )
    for (const row of secrets) known.keys.get(decodeId(row.key_id))?.secretIds.add(row.secret_id)
    return known
  })

  const insertKeys = makeRowInsertion(dialect, "keys")
  const insertDigests = makeRowInsertion(dialect, "digests")

  /** In the order of their ids and digests: what inserts the same ones beside it waits, and comes into no deadlock. */
  const write = Effect.fnUntraced(function* (connection: Connection, imports: ReadonlyArray<KeyImport>) {
    const byId = [...imports].sort((one, other) => (one.key.id < other.key.id ? -1 : 1))
    const byDigest = [...imports].sort((one, other) => compare(one.digest, other.digest))
    const fence = yield* fences.lastNumber(connection)
    const keys = byId.map(({ key }) => ({ ...codec.encodeFast(key), after_fence: fence }))
    const digests = byDigest.map(({ digest, key }) => ({
      digest: bytes(digest.bytes),
      key_id: id(key.id),
      secret_id: digest.secretId,
      created_at: instant(key.createdAt.epochMillis)
    }))
    const written = (yield* insertKeys(connection, keys)) && (yield* insertDigests(connection, digests))
    if (!written) return yield* new Overtaken()
  })

  /** Imports by several signing secrets go one after the other: a row that is there for as long as the tables are. */
  const waitForOthers = sql`select id from ${tables.secretIds} where id = ${saltId} ${dialect.forUpdate}`

  /** One transaction, which is undone where something stands in the way of an insertion. */
  const attempt = (imports: ReadonlyArray<KeyImport>, see: typeof look) =>
    operations.change<ReadonlyArray<KeyImportOutcome>, Overtaken>("KeyStore.insertMany", (connection) =>
      Effect.gen(function* () {
        if (imports.some(isRaced)) yield* run(connection, waitForOthers)
        const known = yield* see(connection, imports)
        const outcomes = imports.map((each) => settle(known, each))
        // What is there already may have lost its owners' link since: only a look tells.
        if (see === lookAtOwners && outcomes.some(({ _tag }) => _tag !== "Inserted")) return yield* new Overtaken()
        yield* write(
          connection,
          imports.filter((_, i) => outcomes[i]?._tag === "Inserted")
        )
        return outcomes
      })
    )

  /**
   * Nearly all imports bring new keys, so what is there already is looked up only once an insertion met some of it: unless
   * it may be there in a form that no insertion meets. What others insert meanwhile is met again, and looked up again.
   */
  const insertMany: Members["insertMany"] = (imports) =>
    attempt(imports, imports.some(hasOtherForms) ? look : lookAtOwners).pipe(
      Effect.catchTag("Overtaken", () => Effect.retry(attempt(imports, look), { times: looks, while: isOvertaken })),
      Effect.catchTag("Overtaken", () =>
        Effect.fail(new StoreError({ operation: "KeyStore.insertMany", retryable: true, reason: "overtaken" }))
      )
    )

  return { insertMany }
}

const compare = ({ bytes: one }: Digest, { bytes: other }: Digest): number => {
  for (let i = 0; i < one.length; i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
