import { existsSync, readFileSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "../pnpm.mjs"
import { workspaces } from "../workspace.mjs"

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

const read = (file: string): Manifest => JSON.parse(readFileSync(file, "utf8"))

/** Where a package lies that another one, in this folder, asks for. */
const find = (name: string, from: string): string | undefined => {
  const folder = join(from, "node_modules", name)
  if (existsSync(join(folder, "package.json"))) return realpathSync(folder)
  return dirname(from) === from ? undefined : find(name, dirname(from))
}

/** What comes along when a package is installed: what it depends on, and the peers that it cannot do without. */
const closureOf = (folder: string, found = new Map<string, string>()): ReadonlyMap<string, string> => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = read(join(folder, "package.json"))
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true)
  for (const name of [...Object.keys(dependencies ?? {}), ...peers]) {
    if (found.has(name)) continue
    const at = find(name, folder)
    if (at === undefined) throw new Error(`${name} is not installed for ${folder}`)
    found.set(name, at)
    closureOf(at, found)
  }
  return found
}

/** The driver of each store, and what talks to no database but its own. */
const drivers: Readonly<Record<string, ReadonlyArray<string>>> = {
  "packages/store-sqlite": ["better-sqlite3"],
  "packages/store-pg": ["@effect/sql-pg", "pg"],
  "packages/store-mysql": ["@effect/sql-mysql2", "mysql2"]
}

const every = Object.values(drivers).flat()

const ofDriver = (folder: string) =>
  [...closureOf(join(root, folder)).keys()].filter((name) => every.includes(name)).sort()

describe.each(Object.entries(drivers))("%s", (folder, own) => {
  it("brings in its own driver, and no other store's", () => {
    expect(ofDriver(folder)).toEqual([...own].sort())
  })
})

it("every store has its driver here", () => {
  const stores = workspaces().filter((folder) => /^packages\/store-(?!sql$)/.test(folder))
  expect(stores.sort()).toEqual(Object.keys(drivers).sort())
})

it("what stores share, and the core, bring in no driver", () => {
  for (const folder of ["packages/core", "packages/store-sql"]) expect(ofDriver(folder)).toEqual([])
})
