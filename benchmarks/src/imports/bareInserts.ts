// Multi-row inserts by the raw drivers into the library's own tables: two statements in a transaction.
import type { BareKey } from "./ImportedRow.js"
import type { ImportStore } from "./Order.js"

/** What inserts rows of keys and their digests. */
export interface BareInserts {
  readonly insert: (keys: ReadonlyArray<BareKey>) => Promise<void> | void
  readonly close: () => Promise<void> | void
}

const keyColumns = `id, organization_id, project_id, product_id, name, hint, scopes, rate_limits, metadata, expires_at,
  revoked_at, revoked_reason, use_count, last_used_at, created_at, updated_at`
const digestColumns = "digest, key_id, secret_id, created_at"

const toKey = (key: BareKey, id: (text: string) => unknown, at: unknown): Array<unknown> => {
  const owners = [id(key.id), id(key.organizationId), null, null, key.name, "…"]
  return [...owners, key.scopes, key.rateLimits, key.metadata, null, null, null, 0, null, at, at]
}

const same = (text: string) => text

const sqlite = async (filename: string, secretId: string): Promise<BareInserts> => {
  const { default: Database } = await import("better-sqlite3")
  const database = new Database(filename)
  // As the library sets them where it changes keys.
  database.pragma("foreign_keys = ON")
  database.pragma("synchronous = FULL")
  const values = (rows: number, columns: number) =>
    Array(rows)
      .fill(`(${Array(columns).fill("?").join(", ")})`)
      .join()
  const statementsOf = (rows: number) => ({
    keys: database.prepare(`insert into apikeys_keys (${keyColumns}) values ${values(rows, 16)}`),
    digests: database.prepare(`insert into apikeys_digests (${digestColumns}) values ${values(rows, 4)}`)
  })
  const prepared = new Map<number, ReturnType<typeof statementsOf>>()
  return {
    insert: (keys) => {
      const statements = prepared.get(keys.length) ?? statementsOf(keys.length)
      prepared.set(keys.length, statements)
      database.transaction(() => {
        statements.keys.run(keys.flatMap((key) => toKey(key, same, key.createdAt.getTime())))
        statements.digests.run(keys.flatMap((key) => [key.digest, key.id, secretId, key.createdAt.getTime()]))
      })()
    },
    close: () => {
      database.close()
    }
  }
}

const pg = async (url: string, secretId: string): Promise<BareInserts> => {
  const { default: driver } = await import("pg")
  const client = new driver.Client({ connectionString: url })
  await client.connect()
  const values = (rows: number, columns: number) =>
    Array.from(
      { length: rows },
      (_, row) => `(${Array.from({ length: columns }, (_, column) => `$${row * columns + column + 1}`).join()})`
    ).join()
  const statementsOf = (rows: number) => ({
    keys: `insert into apikeys_keys (${keyColumns}) values ${values(rows, 16)}`,
    digests: `insert into apikeys_digests (${digestColumns}) values ${values(rows, 4)}`
  })
  const written = new Map<number, ReturnType<typeof statementsOf>>()
  return {
    insert: async (keys) => {
      const statements = written.get(keys.length) ?? statementsOf(keys.length)
      written.set(keys.length, statements)
      await client.query("begin")
      await client.query(
        statements.keys,
        keys.flatMap((key) => toKey(key, same, key.createdAt.toISOString()))
      )
      await client.query(
        statements.digests,
        keys.flatMap((key) => [key.digest, key.id, secretId, key.createdAt.toISOString()])
      )
      await client.query("commit")
    },
    close: () => client.end()
  }
}

const mysql = async (url: string, secretId: string): Promise<BareInserts> => {
  const { createConnection } = await import("mysql2/promise")
  const connection = await createConnection(url)
  const bytesOf = (id: string) => Buffer.from(id.replaceAll("-", ""), "hex")
  // As text, which no zone of the connection changes.
  const dateOf = (date: Date) => date.toISOString().replace("T", " ").replace("Z", "")
  return {
    insert: async (keys) => {
      await connection.query("begin")
      await connection.query(`insert into apikeys_keys (${keyColumns}) values ?`, [
        keys.map((key) => toKey(key, bytesOf, dateOf(key.createdAt)))
      ])
      await connection.query(`insert into apikeys_digests (${digestColumns}) values ?`, [
        keys.map((key) => [key.digest, bytesOf(key.id), secretId, dateOf(key.createdAt)])
      ])
      await connection.query("commit")
    },
    close: () => connection.end()
  }
}

const drivers = { sqlite, pg, mysql, mariadb: mysql } as const

/**
 * @param place the file, or the URL
 * @param secretId what digests are kept with
 */
export const openBareInserts = (store: ImportStore, place: string, secretId: string): Promise<BareInserts> =>
  drivers[store](place, secretId)
