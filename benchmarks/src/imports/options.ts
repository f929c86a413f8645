import { parseArgs } from "node:util"
import { bounds } from "./ImportOutcome.js"
import { type ImportStore, importStores } from "./Order.js"

export interface ImportsOptions {
  readonly rows: number
  readonly only: ReadonlyArray<ImportStore>
  /** The most heap that a process may have. */
  readonly heapMiB: number
}

const isStore = (name: string): name is ImportStore => Object.hasOwn(importStores, name)

const wholeNumber = (name: string, text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} is not a whole number from 1 on`)
  return Number(text)
}

export const parseImportsOptions = (args: ReadonlyArray<string>): ImportsOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: "1000000" },
      only: { type: "string", default: Object.keys(importStores).join() },
      heap: { type: "string", default: String(bounds.heapMiB) }
    }
  })
  const only = values.only.split(",").map((name) => name.trim())
  const unknown = only.find((name) => !isStore(name))
  if (unknown !== undefined) throw new Error(`There is no store "${unknown}" to import into`)
  return {
    rows: wholeNumber("rows", values.rows),
    only: only.filter(isStore),
    heapMiB: wholeNumber("heap", values.heap)
  }
}
