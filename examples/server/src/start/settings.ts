import { dirname, join } from "node:path"

/** How the server is told to run. Every variable has a default that is good for a laptop. */
export interface Settings {
  readonly host: string
  readonly port: number
  /** `null`: SQLite, in `sqliteFile`. */
  readonly databaseUrl: string | null
  readonly sqliteFile: string
  /** How long a call of the store may take, before it is answered 503. */
  readonly storeTimeoutMillis: number
  readonly signingSecret: string | null
  readonly keyPrefix: string
  readonly environment: string | undefined
  /** The organization of operators of an earlier version of this server; `null`: that of this version. */
  readonly operatorsOrganization: string | null
  /** Where the first admin key is, or goes to. */
  readonly adminKeyFile: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the environment; an empty variable counts as unset. */
export const readSettings = (environment: Environment): Settings => {
  const given = (name: string): string | null => environment[name]?.trim() || null
  const sqliteFile = given("APIKEYS_SQLITE_FILENAME") ?? "apikeys.db"
  const databaseUrl = given("DATABASE_URL")
  return {
    // Whoever wants the network to reach it says so, and puts TLS in front.
    host: given("HOST") ?? "127.0.0.1",
    port: wholeNumber("PORT", given("PORT"), 3000, 0, 65_535),
    databaseUrl,
    sqliteFile,
    storeTimeoutMillis: wholeNumber("APIKEYS_STORE_TIMEOUT", given("APIKEYS_STORE_TIMEOUT"), 2, 1, 60) * 1000,
    signingSecret: given("APIKEYS_SIGNING_SECRET"),
    keyPrefix: given("APIKEYS_KEY_PREFIX") ?? "myapp",
    environment: given("APIKEYS_ENVIRONMENT") ?? undefined,
    operatorsOrganization: given("APIKEYS_OPERATORS_ORGANIZATION"),
    // Beside the database, where it is a file.
    adminKeyFile:
      given("APIKEYS_ADMIN_KEY_FILE") ?? join(databaseUrl === null ? dirname(sqliteFile) : ".", "apikeys-admin.key")
  }
}

const wholeNumber = (name: string, text: string | null, otherwise: number, least: number, most: number): number => {
  if (text === null) return otherwise
  const number = Number(text)
  if (/^\d{1,9}$/.test(text) && number >= least && number <= most) return number
  throw new Error(`${name} is not a whole number from ${least} to ${most}`)
}
