import { MemoryStore, type StoreLayer } from "@apikeys/core"
import { SqliteStore } from "@apikeys/store-sqlite"
import type { ServiceName } from "../../../scripts/services/Service.js"
import type { Bench } from "./Bench.js"

export type StoreName = "memory" | "sqlite" | ServiceName

/** Where the library keeps its keys, and those that are measured beside it look for them. */
export interface StoreOf {
  readonly name: StoreName
  readonly title: string
  /** Which of a comparison's databases it is. */
  readonly database: string
  readonly open: (bench: Bench) => StoreLayer | Promise<StoreLayer>
}

const shared = "shared"

/** A slow machine is to be measured, not refused. */
export const timeout = "20 seconds"

export const sqliteFile = (bench: Bench, database: string) => bench.file(`${database}.db`)

export const memory: StoreOf = {
  name: "memory",
  title: "in memory",
  database: shared,
  open: () => MemoryStore.layer
}

export const sqlite = (database = shared): StoreOf => ({
  name: "sqlite",
  title: "SQLite",
  database,
  open: (bench) => SqliteStore.layer({ filename: sqliteFile(bench, database), timeout })
})

export const pg = (database = shared): StoreOf => ({
  name: "pg",
  title: "PostgreSQL",
  database,
  // A driver that a comparison does not use is not in its process.
  open: async (bench) => {
    const { PgStore } = await import("@apikeys/store-pg")
    return PgStore.layer({ url: await bench.database("pg", database), timeout })
  }
})

const mysqlOrMariadb = (name: "mysql" | "mariadb", title: string): StoreOf => ({
  name,
  title,
  database: shared,
  open: async (bench) => {
    const { MysqlStore } = await import("@apikeys/store-mysql")
    return MysqlStore.layer({ url: await bench.database(name, shared), timeout })
  }
})

export const everyStore: ReadonlyArray<StoreOf> = [
  memory,
  sqlite(),
  pg(),
  mysqlOrMariadb("mysql", "MySQL"),
  mysqlOrMariadb("mariadb", "MariaDB")
]
