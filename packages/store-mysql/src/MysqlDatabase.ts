import type { StoreError } from "@apikeys/core"
import type { Database } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { Effect, Exit, Scope } from "effect"
import { columns } from "./MysqlColumns.js"
import { type MysqlConnections, makeConnections } from "./MysqlConnections.js"
import { classify } from "./MysqlFailure.js"
import { openClient } from "./MysqlPool.js"
import { nowMillis, schema } from "./MysqlSchema.js"
import type { MysqlClientSettings, MysqlSettings } from "./MysqlSettings.js"

/** As long as a statement of a migration may take, or wait. */
const migrationMillis = 60_000

/** Of this database alone: the server has one space of names for all of them, of 64 characters each. */
const migrationLock = "concat('apikeys_', left(sha2(database(), 256), 40))"

const ask = (connection: Connection, sql: string) => connection.executeUnprepared(sql, [], undefined)

/** In pieces of a second, since it cannot be called off in between. */
const takeLock = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(ask(connection, `select get_lock(${migrationLock}, 1) as taken`), ([row]) =>
    Number(row.taken) === 1 ? Effect.void : Effect.suspend(() => takeLock(connection))
  )

/** On one connection, with whose end the lock ends as well. */
const migrateAlone =
  ({ hold }: MysqlConnections): Database["schema"]["migrateAlone"] =>
  (body) =>
    hold(migrationMillis, (connection, giveUp) =>
      Effect.acquireUseRelease(
        Effect.interruptible(takeLock(connection)),
        () => body(connection),
        () => Effect.catchAll(ask(connection, `do release_lock(${migrationLock})`), () => giveUp)
      )
    )

const describe = (connections: MysqlConnections): Database => ({
  driver: "mysql",
  compiler: MysqlClient.makeCompiler(),
  tablePrefix: "",
  columns,
  nowMillis,
  // As MariaDB says it, and MySQL as well.
  rowLocks: { share: "lock in share mode", update: "for update" },
  // Of rows that matched or that changed, as the client is set: the statements that ask change each row they match.
  affected: (connection, sql, params) =>
    Effect.map(connection.executeRaw(sql, params), (result) =>
      Number((result as { readonly affectedRows: number }).affectedRows)
    ),
  read: connections.read,
  scripts: null,
  transact: connections.transact,
  classify,
  waitingFor: connections.waitingFor,
  signals: { channel: null, version: null, replacements: null, listen: null },
  schema: { ...schema, migrateAlone: migrateAlone(connections) }
})

/** The database that a client of the application is connected to. */
export const databaseOf = (client: MysqlClient.MysqlClient, { timeout }: MysqlClientSettings): Database =>
  describe(makeConnections({ client: client.withoutTransforms() as MysqlClient.MysqlClient, timeout, own: null }))

/** Opens a database, whatever the state of its schema. */
export const openDatabase = (settings: MysqlSettings): Effect.Effect<Database, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const { maxConnections: size, maxLifetime, timeout } = settings
    const scope = yield* Scope.make()
    let connections: MysqlConnections | null = null
    // The driver says farewell on each connection, and waits for a server that hangs.
    yield* Effect.addFinalizer(() => {
      const late = setTimeout(() => connections?.breakAll(), timeout)
      return Effect.ensuring(
        Scope.close(scope, Exit.void),
        Effect.sync(() => clearTimeout(late))
      )
    })
    const client = yield* Scope.extend(openClient(settings), scope)
    connections = makeConnections({ client, timeout, own: { size, maxLifetime } })
    return describe(connections)
  })
