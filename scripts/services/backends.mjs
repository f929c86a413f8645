// The stores that the contract suites run against.
/** @import { ServiceName } from "./Service.js" */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { root } from "./cache.mjs"

/** @typedef {"memory" | "sqlite" | "pg" | "mysql" | "mariadb"} BackendName */

/**
 * @typedef {object} Backend
 * @property {string} title what its suites are called, or begin with: `storeContract("SQLite in memory", …)`
 * @property {ServiceName} [service] the server that it needs
 * @property {string} folder whose tests need that server
 * @property {ReadonlyArray<string>} tests which a run leaves out if it tests no backend that has them
 */

const ofEveryServer = [
  "scripts/test/servers/**",
  "examples/server/test/servers.test.ts",
  "examples/migrate-from-python/test/servers.test.ts"
]

/** Their tests need the servers of all backends. */
const foldersOfEveryServer = ["examples/server", "examples/migrate-from-python"]

/** @type {Readonly<Record<BackendName, Backend>>} */
export const backends = {
  memory: {
    title: "memory",
    folder: "packages/core",
    tests: ["packages/core/test/memory.test.ts", "packages/core/test/client/memoryClient.test.ts"]
  },
  sqlite: { title: "SQLite", folder: "packages/store-sqlite", tests: ["packages/store-sqlite/test/**"] },
  pg: {
    title: "PostgreSQL",
    service: "pg",
    folder: "packages/store-pg",
    tests: ["packages/store-pg/test/**", ...ofEveryServer]
  },
  mysql: {
    title: "MySQL",
    service: "mysql",
    folder: "packages/store-mysql",
    tests: ["packages/store-mysql/test/**", ...ofEveryServer]
  },
  mariadb: {
    title: "MariaDB",
    service: "mariadb",
    folder: "packages/store-mysql",
    tests: ["packages/store-mysql/test/**", ...ofEveryServer]
  }
}

export const backendNames = /** @type {ReadonlyArray<BackendName>} */ (Object.keys(backends))

const variable = "APIKEYS_TEST_STORES"

/** Those of the packages that are there. */
const every = () => backendNames.filter((name) => existsSync(join(root, backends[name].folder, "package.json")))

/**
 * The backends that a run is to test. A selection that names none, or one that there is not, is an error: else a typo
 * would be a run that tests nothing and passes.
 *
 * @param {string | undefined} [selection]
 */
export const selectedBackends = (selection = process.env[variable]) => {
  if (selection === undefined) return every()
  const names = selection
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
  const choice = `Choose from ${backendNames.join(", ")}, separated by commas; unset, all are tested.`
  if (names.length === 0) throw new Error(`${variable} is set and selects no store. ${choice}`)
  const unknown = names.find((name) => !Object.hasOwn(backends, name))
  if (unknown !== undefined) throw new Error(`${variable}=${selection}: there is no store "${unknown}". ${choice}`)
  return backendNames.filter((name) => names.includes(name))
}

/** The test files of this folder, as patterns in it, that belong to backends of which none is selected. */
export const unselectedTests = (/** @type {string} */ folder) => {
  const selected = selectedBackends()
  const all = new Set(backendNames.flatMap((name) => backends[name].tests))
  const wanted = selected.flatMap((name) => backends[name].tests)
  return [...all]
    .filter((path) => path.startsWith(`${folder}/`) && !wanted.includes(path))
    .map((path) => path.slice(folder.length + 1))
}

/** The servers that the selected backends with tests in this folder need. */
export const servicesOf = (/** @type {string} */ folder) =>
  selectedBackends().flatMap((name) => {
    const { folder: own, service } = backends[name]
    return (own === folder || foldersOfEveryServer.includes(folder)) && service !== undefined ? [service] : []
  })
