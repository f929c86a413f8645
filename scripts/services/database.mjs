import { randomBytes } from "node:crypto"
import { createConnection } from "mysql2/promise"
import { Client } from "pg"

/**
 * @typedef {(statement: string, values?: Array<unknown>) => Promise<ReadonlyArray<Record<string, unknown>>>} Query
 */

const connectTimeout = 10_000

/**
 * @template A
 * @param {string} url
 * @param {(query: Query) => Promise<A>} use
 * @returns {Promise<A>}
 */
const withPg = async (url, use) => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectTimeout })
  // A connection that dies fails the statement; without a listener it would end the process as well.
  client.on("error", () => undefined)
  try {
    await client.connect()
    return await use(async (statement, values) => (await client.query(statement, values)).rows)
  } finally {
    // Also when it did not connect: a connection that stays half open holds up `drop database`.
    await client.end()
  }
}

/** @type {typeof withPg} */
const withMysql = async (url, use) => {
  const connection = await createConnection({ uri: url, connectTimeout })
  connection.on("error", () => undefined)
  try {
    return await use(async (statement, values) => {
      const [rows] = await connection.query(statement, values)
      return Array.isArray(rows) ? /** @type {ReadonlyArray<Record<string, unknown>>} */ (rows) : []
    })
  } finally {
    await connection.end()
  }
}

const isPg = (/** @type {string} */ url) => /^postgres(ql)?:/.test(url)

/** @type {typeof withPg} */
export const withConnection = (url, use) => (isPg(url) ? withPg(url, use) : withMysql(url, use))

/** What the server says that it is, as in `15.18` or `11.8.6-MariaDB`. */
export const serverVersion = (/** @type {string} */ url) =>
  withConnection(url, async (query) => {
    const [row] = await query(isPg(url) ? "show server_version" : "select version() as server_version")
    return String(row?.["server_version"])
  })

/** Whether a server takes connections there. */
export const answers = (/** @type {string} */ url) =>
  serverVersion(url).then(
    () => true,
    () => false
  )

/**
 * Makes a database of a random name on a server.
 *
 * @param {string} url of any database of the server, with a user who may create others
 * @returns {Promise<{ readonly url: string, readonly name: string, readonly drop: () => Promise<void> }>}
 */
export const createDatabase = async (url) => {
  const name = `apikeys_test_${randomBytes(8).toString("hex")}`
  await withConnection(url, (query) => query(`create database ${name}`))
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    name,
    url: own.href,
    drop: () =>
      withConnection(url, async (query) => {
        if (isPg(url)) await query(`drop database if exists ${name} with (force)`)
        else {
          await endConnections(query, name)
          await query(`drop database if exists ${name}`)
        }
      })
  }
}

/** As PostgreSQL does by itself: an open transaction would hold up the drop. */
const endConnections = async (/** @type {Query} */ query, /** @type {string} */ name) => {
  const rows = await query(`select id from information_schema.processlist where db = '${name}'`)
  // One that has ended meanwhile is no longer there to be killed.
  for (const row of rows) await query(`kill ${row["id"] ?? row["ID"]}`).catch(() => undefined)
}
