import type { MysqlSslOptions } from "./MysqlOptions.js"

/** Where a database is, and how to get in. */
export interface MysqlAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly ssl: MysqlSslOptions | undefined
}

const sslModes: ReadonlyMap<string, MysqlSslOptions | undefined> = new Map([
  ["DISABLED", undefined],
  ["REQUIRED", { rejectUnauthorized: false }],
  ["VERIFY_CA", { rejectUnauthorized: true, verifyIdentity: false }],
  ["VERIFY_IDENTITY", { rejectUnauthorized: true, verifyIdentity: true }]
])

const decode = (part: string): string | undefined => {
  try {
    return part === "" ? undefined : decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/**
 * Reads a URL, by ourselves: given one, the client ignores whatever else it is told, and dates would be stored in the
 * process's time zone. In place of an address: what is wrong with it.
 */
export const parseUrl = (text: string): MysqlAddress | string => {
  if (!URL.canParse(text)) return "is not a URL"
  const url = new URL(text)
  if (url.protocol !== "mysql:" && url.protocol !== "mariadb:") return "does not begin with mysql:// or mariadb://"
  const host = decode(url.hostname)
  if (host === undefined) return "names no host"
  const database = decode(url.pathname.slice(1))
  if (database === undefined || database.includes("/")) return "names no database"
  const parameters = [...url.searchParams.keys()]
  if (parameters.some((name) => name !== "ssl-mode")) return "has parameters other than ssl-mode: give them as options"
  const mode = url.searchParams.get("ssl-mode")?.toUpperCase() ?? "DISABLED"
  if (!sslModes.has(mode)) return "has an ssl-mode other than DISABLED, REQUIRED, VERIFY_CA and VERIFY_IDENTITY"
  return {
    // An IPv6 address stands in brackets there, and nowhere else.
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 3306 : Number(url.port),
    database,
    username: decode(url.username),
    password: decode(url.password),
    ssl: sslModes.get(mode)
  }
}
