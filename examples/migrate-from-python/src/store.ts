import type { Store } from "@apikeys/core"
import type { DatabasePlace } from "./databaseUrl.js"

/** A transaction holds hundreds of keys, and nobody waits for its answer. */
const timeout = "1 minute"

/** The new database. Its driver is loaded here, and no other. */
export const storeOf = async (place: DatabasePlace): Promise<Store> => {
  switch (place.kind) {
    case "sqlite":
      return (await import("@apikeys/store-sqlite")).SqliteStore.layer({ filename: place.filename, timeout })
    case "pg":
      return (await import("@apikeys/store-pg")).PgStore.layer({ url: place.url, timeout })
    case "mysql":
      return (await import("@apikeys/store-mysql")).MysqlStore.layer({ url: place.url, timeout })
  }
}
