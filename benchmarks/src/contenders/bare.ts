// What the job costs at the least: code that nobody could ship, since it checks next to nothing.
import { createHmac, createSecretKey } from "node:crypto"
import Database from "better-sqlite3"
import { awaited, synchronously } from "../measure/pace.js"
import { strict } from "./apikeys.js"
import { caller, type Open } from "./Contender.js"
import { type IssuedKeys, issueKeys, rotating, signingSecret } from "./keys.js"
import { type Keys, openClient } from "./library.js"
import { openPool } from "./pool.js"
import { type StoreOf, sqliteFile } from "./stores.js"

const secret = createSecretKey(Buffer.from(signingSecret, "utf8"))
const digestOf = (plaintext: string) => createHmac("sha256", secret).update(plaintext, "utf8").digest()

const windowMillis = 86_400_000

/** An HMAC, a `Map` of what was found before, and a counter in a fixed window. */
export const bareCached: Open = (bench) => {
  const plaintexts = Array.from(
    { length: bench.scale.keys },
    (_, index) => `bench_${digestOf(String(index)).toString("hex")}`
  )
  const byDigest = new Map(
    plaintexts.map((plaintext) => [
      digestOf(plaintext).toString("latin1"),
      { limit: 1_000_000_000_000, window: 0, used: 0, uses: 0 }
    ])
  )
  const plaintext = rotating(plaintexts)
  return caller(bench.scale, {
    run: synchronously((index) => {
      const key = byDigest.get(digestOf(plaintext(index)).toString("latin1"))
      if (key === undefined) throw new Error("The key is not there")
      const window = Math.floor(Date.now() / windowMillis)
      if (window !== key.window) {
        key.window = window
        key.used = 0
      }
      if (key.used >= key.limit) throw new Error("The limit is reached")
      key.used++
      key.uses++
    })
  })
}

const lookUp = "from apikeys_digests d join apikeys_keys k on k.id = d.key_id where d.digest ="

const assertFound = (row: unknown) => {
  if (row === undefined) throw new Error("The key is not there")
}

/** Keys that the library issued, in this store. */
export const issued =
  (store: StoreOf): Keys =>
  (bench) =>
    bench.once(`keys of the bare limit on ${store.name} ${store.database}`, async (): Promise<IssuedKeys> => {
      const client = await openClient(await store.open(bench), strict)
      const keys = await issueKeys(client, bench.scale.keys)
      await client.close()
      return keys
    })

/** An HMAC and one prepared statement of the raw driver, in the library's own file. */
export const bareSqlite =
  (store: StoreOf, keys: Keys): Open =>
  async (bench) => {
    const plaintext = rotating((await keys(bench)).plaintexts)
    const database = new Database(sqliteFile(bench, store.database), { readonly: true })
    const statement = database.prepare(`select k.* ${lookUp} ?`)
    return caller(bench.scale, {
      run: synchronously((index) => assertFound(statement.get(digestOf(plaintext(index))))),
      close: () => {
        database.close()
      }
    })
  }

/** An HMAC and one query each through a pool, in the library's own database. */
export const barePg =
  (store: StoreOf, keys: Keys): Open =>
  async (bench) => {
    const plaintext = rotating((await keys(bench)).plaintexts)
    const pool = await openPool(await bench.database("pg", store.database))
    return caller(bench.scale, {
      run: awaited(async (index) => {
        const { rows } = await pool.query(`select k.* ${lookUp} $1`, [digestOf(plaintext(index))])
        assertFound(rows[0])
      }),
      close: () => pool.end()
    })
  }
