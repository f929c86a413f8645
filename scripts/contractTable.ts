import type { TestCase, TestModule, TestSuite } from "vitest/node"
import { backendNames, backends } from "./services/backends.mjs"

/** How many tests of one capability of one store came out how. */
interface Cell {
  readonly contract: string
  readonly capability: string
  readonly store: string
  readonly passed: number
  readonly failed: number
  readonly unproven: number
}

const contracts = ["store contract", "client contract"]

const suiteName = new RegExp(`^(?<contract>${contracts.join("|")}): (?<store>.+)$`)

/** A store's suites can be called by its name or its title: they are one column. */
const titleOf = (store: string) => {
  const isSame = (name: string) => name.toLowerCase() === store.toLowerCase()
  const backend = backendNames.find((name) => isSame(name) || isSame(backends[name].title))
  return backend === undefined ? store : backends[backend].title
}

const cellOf = (contract: string, store: string, entry: TestCase | TestSuite): Cell => {
  const tests = entry.type === "test" ? [entry] : [...entry.children.allTests()]
  const count = (is: (test: TestCase) => boolean) => tests.filter(is).length
  // A hook that throws, as that which opens the store, fails the suite and runs none of its tests.
  const suites = entry.type === "test" ? [] : [entry, ...entry.children.allSuites()]
  return {
    contract,
    capability: entry.type === "test" ? "others" : entry.name,
    store: titleOf(store),
    passed: count((test) => test.result().state === "passed"),
    failed:
      count((test) => test.result().state === "failed") + suites.filter((suite) => suite.errors().length > 0).length,
    unproven: count((test) => test.options.mode === "todo")
  }
}

/** What the contract suites of a run found. */
export const contractResults = (modules: ReadonlyArray<TestModule>): ReadonlyArray<Cell> =>
  modules
    .flatMap((module) => [...module.children.allSuites()])
    .flatMap((suite) => {
      const { contract, store } = suite.name.match(suiteName)?.groups ?? {}
      if (contract === undefined || store === undefined) return []
      return [...suite.children].map((entry) => cellOf(contract, store, entry))
    })

/** How many tests of the store contract ran for stores whose name begins so. */
export const testsRun = (cells: ReadonlyArray<Cell>, title: string) =>
  cells
    .filter(({ contract, store }) => contract === contracts[0] && `${store} `.startsWith(`${title} `))
    .reduce((sum, { failed, passed }) => sum + passed + failed, 0)

const textOf = (cells: ReadonlyArray<Cell>) => {
  const sum = (field: "passed" | "failed" | "unproven") => cells.reduce((total, cell) => total + cell[field], 0)
  if (cells.length === 0) return "-"
  if (sum("failed") > 0) return `${sum("passed")} passed, ${sum("failed")} FAILED`
  if (sum("passed") > 0) return String(sum("passed"))
  return sum("unproven") > 0 ? "not proven" : "none ran"
}

const inOrderOfBackends = (a: string, b: string) => {
  const place = (store: string) => backendNames.findIndex((name) => `${store} `.startsWith(`${backends[name].title} `))
  return place(a) - place(b) || a.localeCompare(b)
}

/** The table that a run ends with: store by capability, with the tests that passed, and those that failed. */
export const contractTable = (cells: ReadonlyArray<Cell>): string => {
  const stores = [...new Set(cells.map(({ store }) => store))].sort(inOrderOfBackends)
  const rows = contracts.flatMap((contract) => {
    const own = cells.filter((cell) => cell.contract === contract)
    const capabilities = [...new Set(own.map(({ capability }) => capability))]
    const rowOf = (capability: string) => {
      const row = own.filter((cell) => cell.capability === capability)
      return [`  ${capability}`, ...stores.map((store) => textOf(row.filter((cell) => cell.store === store)))]
    }
    return own.length === 0 ? [] : [[contract, ...stores.map(() => "")], ...capabilities.map(rowOf)]
  })
  const table = [["tests passed", ...stores], ...rows]
  const widths = ["", ...stores].map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  return table.map((row) => row.map(cell).join("  ").trimEnd()).join("\n")
}
