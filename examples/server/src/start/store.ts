import type { Store } from "@apikeys/core"
import type { Settings } from "./settings.js"

/** The store that the settings name. Its driver is loaded here, and no other. */
export const storeOf = async ({ databaseUrl, sqliteFile, storeTimeoutMillis: timeout }: Settings): Promise<Store> => {
  if (databaseUrl === null) {
    const { SqliteStore } = await import("@apikeys/store-sqlite")
    return SqliteStore.layer({ filename: sqliteFile, timeout })
  }
  const [protocol] = databaseUrl.split(":", 1)
  switch (protocol) {
    case "postgres":
    case "postgresql": {
      const { PgStore } = await import("@apikeys/store-pg")
      return PgStore.layer({ url: databaseUrl, timeout })
    }
    case "mysql":
    case "mariadb": {
      const { MysqlStore } = await import("@apikeys/store-mysql")
      return MysqlStore.layer({ url: databaseUrl, timeout })
    }
    default:
      // Not the value: it may hold a password.
      throw new Error("DATABASE_URL does not begin with postgres://, mysql:// or mariadb://")
  }
}
