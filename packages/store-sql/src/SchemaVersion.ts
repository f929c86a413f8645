import { StoreError } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Database } from "./Database.js"
import type { Migration } from "./Migration.js"
import { guarded } from "./Operations.js"

/**
 * The versions of a schema before and after it was migrated; 0 is no schema at all.
 *
 * @since 0.1.0
 */
export interface SchemaChange {
  readonly before: number
  readonly after: number
}

/** What has to be known of a database to write its schema as text. */
type Described = Pick<Database, "nowMillis" | "tablePrefix"> & {
  readonly schema: Omit<Database["schema"], "migrateAlone">
}

interface Applied {
  readonly id: number
  readonly compatibleWith: number
}

/** How long a start waits for a migration, its own or that of another process. */
const migrationTimeout = 60_000

const recordsOf = ({ tablePrefix }: Described): string => `${tablePrefix}apikeys_migrations`

/** The statements of a migration and, after them, the one that records it. */
const statementsOf = (described: Described, migration: Migration): ReadonlyArray<string> => {
  const { compatibleWith, id, name, statements } = migration
  const values = `${id}, '${name.replaceAll("'", "''")}', ${compatibleWith}, ${described.nowMillis}`
  return [
    ...statements,
    `insert into ${recordsOf(described)} (id, name, compatible_with, applied_at)\nvalues (${values})`
  ]
}

/**
 * The whole schema as plain SQL, its migrations recorded: for an empty database, and for teams that migrate in
 * a way of their own.
 *
 * @since 0.1.0
 */
export const toSql = (described: Described): string =>
  [described.schema.recordTable, ...described.schema.migrations.flatMap((one) => statementsOf(described, one))]
    .map((statement) => `${statement};\n`)
    .join("\n")

/** DDL is not prepared: a driver would keep, for long, what it meant before. */
const execute = (connection: Connection, statement: string) => connection.executeUnprepared(statement, [], undefined)

const readApplied = Effect.fnUntraced(function* (
  described: Described,
  connection: Connection
): Effect.fn.Return<ReadonlyArray<Applied>, SqlError> {
  const [table] = yield* execute(connection, described.schema.findRecordTable)
  if (table === undefined) return []
  const rows = yield* execute(connection, `select id, compatible_with from ${recordsOf(described)}`)
  return rows.map((row: { readonly id: unknown; readonly compatible_with: unknown }) => ({
    id: Number(row.id),
    compatibleWith: Number(row.compatible_with)
  }))
})

const versionOf = (applied: ReadonlyArray<{ readonly id: number }>): number =>
  Math.max(0, ...applied.map(({ id }) => id))

const pendingOf = ({ schema }: Described, applied: ReadonlyArray<Applied>): ReadonlyArray<Migration> =>
  schema.migrations.filter(({ id }) => !applied.some((one) => one.id === id))

/** A schema that is ahead of this version is fine where the migrations that it knows nothing of say so. */
const refuseTooNew = (described: Described, applied: ReadonlyArray<Applied>): Effect.Effect<void, StoreError> => {
  const known = versionOf(described.schema.migrations)
  const oldest = Math.max(0, ...applied.filter(({ id }) => id > known).map((one) => one.compatibleWith))
  if (oldest <= known) return Effect.void
  const reason = `schema is at ${versionOf(applied)}, which needs ${oldest} or newer; this version has ${known}: upgrade it`
  return new StoreError({ operation: "open", retryable: false, reason })
}

/**
 * Whether what failed is that the schema is not one that this version works with.
 *
 * @since 0.1.0
 */
export const isUnfit = ({ reason }: StoreError): boolean => reason.startsWith("schema is at ")

const outdated = (described: Described, applied: ReadonlyArray<Applied>): StoreError => {
  const needed = versionOf(described.schema.migrations)
  const reason = `schema is at ${versionOf(applied)}, this version needs ${needed}: run migrate`
  return new StoreError({ operation: "open", retryable: false, reason })
}

/**
 * Fails unless the schema is one that this version works with.
 *
 * @param timeout how many milliseconds it may take
 * @since 0.1.0
 */
export const check = (database: Database, timeout: number): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const applied = yield* database.read((connection) => readApplied(database, connection))
    yield* refuseTooNew(database, applied)
    if (pendingOf(database, applied).length > 0) return yield* outdated(database, applied)
  }).pipe((effect) => guarded(database, timeout, "open", effect))

/**
 * Brings the schema up to date. One that is up to date is only read. Of several processes one migrates, while
 * the others wait for it.
 *
 * @since 0.1.0
 */
export const migrate = (database: Database): Effect.Effect<SchemaChange, StoreError> =>
  Effect.gen(function* () {
    const applied = yield* database.read((connection) => readApplied(database, connection))
    yield* refuseTooNew(database, applied)
    const version = versionOf(applied)
    if (pendingOf(database, applied).length === 0) return { before: version, after: version }
    return yield* database.schema.migrateAlone((connection) => applyPending(database, connection))
  }).pipe((effect) => guarded(database, migrationTimeout, "migrate", effect))

/** Looks again, now that nobody else migrates. Each migration is recorded after it ran, never before. */
const applyPending = Effect.fnUntraced(function* (database: Database, connection: Connection) {
  yield* execute(connection, database.schema.recordTable)
  const applied = yield* readApplied(database, connection)
  yield* refuseTooNew(database, applied)
  const pending = pendingOf(database, applied)
  for (const migration of pending) {
    for (const statement of statementsOf(database, migration)) yield* execute(connection, statement)
  }
  return { before: versionOf(applied), after: Math.max(versionOf(applied), versionOf(pending)) }
})
