/** Where a database is: a file of SQLite, or the URL of a server. */
export type DatabasePlace =
  | { readonly kind: "sqlite"; readonly filename: string }
  | { readonly kind: "pg" | "mysql"; readonly url: string }

const schemes: Readonly<Record<string, "pg" | "mysql">> = {
  postgres: "pg",
  postgresql: "pg",
  mysql: "mysql",
  mariadb: "mysql"
}

const protocols = { pg: "postgres", mysql: "mysql" } as const

/**
 * A filename or a URL, also as the Python library took it: `postgresql+psycopg2://…`, `sqlite:///keys.db` for a file
 * beside, `sqlite:////var/keys.db` for one from the root on. Throws where the scheme is unknown, and never says the
 * text: it may hold a password.
 */
export const readDatabaseUrl = (text: string): DatabasePlace => {
  const [, scheme, rest = ""] = /^([a-z]+)(?:\+[a-z0-9_]+)?:\/\/(.*)$/s.exec(text) ?? []
  if (scheme === undefined) return { kind: "sqlite", filename: text }
  if (scheme === "sqlite") return { kind: "sqlite", filename: rest.replace(/^\//, "").replace(/\?.*$/s, "") }
  const kind = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  if (kind === undefined) throw new Error("A database is a file, or a URL of sqlite, postgresql, mysql or mariadb")
  return { kind, url: `${protocols[kind]}://${rest}` }
}
