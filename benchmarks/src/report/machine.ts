import { existsSync, readFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { fileURLToPath } from "node:url"
import Database from "better-sqlite3"
import { withConnection } from "../../../scripts/services/database.mjs"
import type { ServiceName } from "../../../scripts/services/Service.js"
import { services } from "../../../scripts/services/services.mjs"
import type { Servers } from "../contenders/Bench.js"

/** Where, and with what, figures were measured. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Of whom is measured, by the name of the package. */
  readonly versions: Readonly<Record<string, string>>
  /** What each database said of itself: its version, and what it does before a commit is answered. */
  readonly databases: Readonly<Record<string, string>>
}

const manifestOf = (folder: string): { version?: string; dependencies?: object; devDependencies?: object } => {
  const file = fileURLToPath(new URL(`../../${folder}package.json`, import.meta.url))
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}
}

/** Of all that the benchmark depends on, but for what only compiles or tests it. */
const versions = (): Readonly<Record<string, string>> => {
  const { dependencies, devDependencies } = manifestOf("")
  const names = Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => !/^@types\/|^vitest$/.test(name))
    .sort()
  return Object.fromEntries(names.map((name) => [name, manifestOf(`node_modules/${name}/`).version ?? "unknown"]))
}

const settings: Readonly<Record<"postgres" | "mysql", string>> = {
  postgres: `select current_setting('server_version') as version, current_setting('fsync') as fsync,
    current_setting('synchronous_commit') as synchronous_commit, current_setting('full_page_writes') as full_page_writes`,
  mysql: `select version() as version, @@innodb_flush_log_at_trx_commit as innodb_flush_log_at_trx_commit,
    @@innodb_flush_method as innodb_flush_method, @@log_bin as log_bin`
}

const describe = async (name: ServiceName, url: string): Promise<readonly [string, string]> => {
  const { protocol, title } = services[name]
  const [row] = await withConnection(url, (query) => query(settings[protocol]))
  const { version, ...rest } = row ?? {}
  const said = Object.entries(rest).map(([setting, value]) => `${setting}=${value}`)
  return [title, [version, ...said].join(", ")]
}

const sqlite = (): string => {
  const database = new Database(":memory:")
  const version = database.prepare("select sqlite_version()").pluck().get()
  database.close()
  return `${version}, journal_mode=wal, synchronous=normal`
}

export const describeMachine = async (servers: Servers): Promise<Machine> => {
  const names: ReadonlyArray<ServiceName> = ["pg", "mysql", "mariadb"]
  const running = names.flatMap((name) => {
    const url = servers[name]
    return url === undefined ? [] : [describe(name, url)]
  })
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    versions: versions(),
    databases: { SQLite: sqlite(), ...Object.fromEntries(await Promise.all(running)) }
  }
}
