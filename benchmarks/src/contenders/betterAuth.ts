import Database from "better-sqlite3"
import type { Pool } from "pg"
import { awaited } from "../measure/pace.js"
import type { Bench } from "./Bench.js"
import { caller, type Open } from "./Contender.js"
import { rotating } from "./keys.js"
import { openPool } from "./pool.js"

const timeWindow = 86_400_000
/** More than any round can use up, and no more than its column on PostgreSQL holds. */
const many = 2_000_000_000

interface Persistent {
  readonly database: Database.Database | Pool
  readonly close: () => void | Promise<void>
}

/** With the settings of SQLite that the library has too. */
export const betterAuthFile = (bench: Bench): Persistent => {
  const database = new Database(bench.file("better-auth.db"))
  database.pragma("journal_mode = WAL")
  database.pragma("synchronous = NORMAL")
  return {
    database,
    close: () => {
      database.close()
    }
  }
}

export const betterAuthPg = async (bench: Bench): Promise<Persistent> => {
  const database = await openPool(await bench.database("pg", "better-auth"))
  return { database, close: () => database.end() }
}

/** As its documentation sets it up, with its own migrations, its limits on, and its logs and telemetry off. */
export const openBetterAuth = async ({ database }: Persistent) => {
  const { betterAuth } = await import("better-auth")
  const { getMigrations } = await import("better-auth/db/migration")
  const { apiKey } = await import("@better-auth/api-key")
  const auth = betterAuth({
    database,
    baseURL: "http://127.0.0.1",
    secret: "benchmark".repeat(8),
    emailAndPassword: { enabled: true },
    logger: { disabled: true },
    telemetry: { enabled: false },
    plugins: [apiKey({ rateLimit: { enabled: true, timeWindow, maxRequests: many } })]
  })
  await (await getMigrations(auth.options)).runMigrations()
  const body = { email: "alice@example.com", password: "correct horse battery", name: "Alice" }
  const { user } = await auth.api.signUpEmail({ body })
  return {
    issue: async (rateLimitMax: number) => {
      const limit = { rateLimitEnabled: true, rateLimitTimeWindow: timeWindow, rateLimitMax }
      return (await auth.api.createApiKey({ body: { userId: user.id, ...limit } })).key
    },
    verify: async (key: string): Promise<boolean> => (await auth.api.verifyApiKey({ body: { key } })).valid
  }
}

export const betterAuthOn =
  (open: (bench: Bench) => Persistent | Promise<Persistent>): Open =>
  async (bench) => {
    const database = await open(bench)
    const { issue, verify } = await openBetterAuth(database)
    const keys: Array<string> = []
    while (keys.length < bench.scale.keys) keys.push(await issue(many))
    const key = rotating(keys)
    return caller(bench.scale, {
      run: awaited(async (index) => {
        if (!(await verify(key(index)))) throw new Error("better-auth refused a key")
      }),
      close: database.close
    })
  }
