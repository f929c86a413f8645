// Databases with more keys than anybody would wait for: rows copied behind the library's back, from one of its own.
import { createHmac, randomBytes } from "node:crypto"
import { KeyToken } from "@apikeys/core"
import Database from "better-sqlite3"
import { strict } from "./apikeys.js"
import type { Bench } from "./Bench.js"
import { type IssuedKeys, issueKeys, keyPrefix, signingSecret } from "./keys.js"
import { type Keys, openClient } from "./library.js"
import { type StoreOf, sqliteFile } from "./stores.js"

interface Copy {
  readonly id: string
  /** In hexadecimal. */
  readonly digest: string
}

/** Ascending, as the library's own are. */
const idOf = (index: number): string => {
  const time = (0x19a000000000 + index).toString(16)
  const random = randomBytes(8).toString("hex")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(4)}`
}

const digestOf = (plaintext: string) => createHmac("sha256", signingSecret).update(plaintext, "utf8").digest("hex")

/** Copies in portions; of every `each`th one there is a plaintext, of the others nobody knows any. */
const portions = function* (count: number, each: number, plaintexts: Array<string>): Generator<ReadonlyArray<Copy>> {
  for (let start = 0; start < count; start += 10_000) {
    yield Array.from({ length: Math.min(10_000, count - start) }, (_, offset) => {
      const id = idOf(start + offset)
      if ((start + offset) % each !== 0) return { id, digest: randomBytes(32).toString("hex") }
      const plaintext = KeyToken.issue(keyPrefix, randomBytes)
      plaintexts.push(plaintext)
      return { id, digest: digestOf(plaintext) }
    })
  }
}

/** What copies a row with some of its columns replaced, whatever other columns the schema has by now. */
const copying = (
  table: string,
  columns: ReadonlyArray<string>,
  replaced: Readonly<Record<string, string>>,
  from: string
) =>
  `insert into ${table} (${columns.join(", ")})
   select ${columns.map((column) => replaced[column] ?? `t.${column}`).join(", ")} from ${table} t, ${from}`

const fillSqlite = (file: string, copies: Iterable<ReadonlyArray<Copy>>) => {
  const database = new Database(file)
  database.pragma("synchronous = OFF")
  database.pragma("cache_size = -500000")
  const columnsOf = (table: string) =>
    (database.pragma(`table_info(${table})`) as Array<{ name: string }>).map(({ name }) => name)
  const copied = { id: "c.value ->> 'id'", key_id: "c.value ->> 'id'", digest: "unhex(c.value ->> 'digest')" }
  const statements = [["apikeys_keys", "id"] as const, ["apikeys_digests", "key_id"] as const].map(([table, id]) =>
    database.prepare(`${copying(table, columnsOf(table), copied, "json_each(?) c")} where t.${id} = ?`)
  )
  const template = database.prepare("select key_id from apikeys_digests").pluck().get()
  for (const portion of copies) {
    database.transaction(() => {
      for (const statement of statements) statement.run(JSON.stringify(portion), template)
    })()
  }
  database.pragma("wal_checkpoint(TRUNCATE)")
  database.close()
}

const fillPg = async (url: string, copies: Iterable<ReadonlyArray<Copy>>) => {
  const { default: pg } = await import("pg")
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const columnsOf = async (table: string): Promise<ReadonlyArray<string>> => {
    const sql = "select column_name from information_schema.columns where table_name = $1 and table_schema = 'public'"
    const { rows } = await client.query<{ column_name: string }>(sql, [table])
    return rows.map(({ column_name }) => column_name)
  }
  const from = "unnest($2::uuid[], $3::text[]) c (id, digest) where"
  const copied = { id: "c.id", key_id: "c.id", digest: "decode(c.digest, 'hex')" }
  const statements = [
    `${copying("apikeys_keys", await columnsOf("apikeys_keys"), copied, from)} t.id = $1`,
    `${copying("apikeys_digests", await columnsOf("apikeys_digests"), copied, from)} t.key_id = $1`
  ]
  const { rows } = await client.query<{ key_id: string }>("select key_id from apikeys_digests")
  for (const portion of copies) {
    const values = [rows[0]?.key_id, portion.map(({ id }) => id), portion.map(({ digest }) => digest)]
    // The second statement's `$3` is not in the first one's columns, but in what both unnest.
    for (const statement of statements) await client.query(statement, values)
  }
  await client.query("vacuum analyze apikeys_keys")
  await client.query("vacuum analyze apikeys_digests")
  await client.end()
}

/** The keys of which plaintexts are known, evenly spread over the others. */
const known = 10_000

/**
 * Fills an empty database of this comparison, and goes round keys all over it.
 *
 * @param sample whether the plaintexts of some or of all keys are known
 */
export const manyKeys = (store: StoreOf, countOf: (bench: Bench) => number, sample: "some" | "all" = "some"): Keys => {
  const fill = async (bench: Bench): Promise<IssuedKeys> => {
    const client = await openClient(await store.open(bench), strict)
    const { asked } = await issueKeys(client, 1)
    await client.close()
    const plaintexts: Array<string> = []
    const count = countOf(bench)
    const copies = portions(count, sample === "all" ? 1 : Math.max(1, Math.floor(count / known)), plaintexts)
    if (store.name === "sqlite") fillSqlite(sqliteFile(bench, store.database), copies)
    else await fillPg(await bench.database("pg", store.database), copies)
    return { plaintexts: shuffled(plaintexts), asked }
  }
  return (bench) => bench.once(`keys of ${store.name} ${store.database}`, () => fill(bench))
}

/** Keys that are looked up one after the other should not be neighbours. */
const shuffled = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
  items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
