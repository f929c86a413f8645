import { type ImportStore, importStores } from "./Order.js"

/** How fast keys were imported into a store, and how large the heap became. */
export interface ImportOutcome {
  readonly store: ImportStore
  readonly rows: number
  /** Rows a second. */
  readonly imported: number
  readonly bare: number
  /** Of all rows. */
  readonly ratio: number
  /** Where the ratios of the middle half of the turns lie. */
  readonly spread: readonly [low: number, high: number]
  /** The most that was on the heap of the process that imported, garbage and all, in bytes. */
  readonly heap: number
  /** The most that could have been. */
  readonly heapLimit: number
}

/** What an import of a million keys has to reach. */
export const bounds = { ratio: 0.5, heapMiB: 200 } as const

const mebi = 2 ** 20

/** What of an outcome misses a bound, in words. */
export const missesOf = ({ heap, ratio, store }: ImportOutcome): ReadonlyArray<string> => [
  ...(ratio < bounds.ratio ? [`${importStores[store]}: ratio ${ratio.toFixed(2)}, at least ${bounds.ratio}`] : []),
  ...(heap >= bounds.heapMiB * mebi
    ? [`${importStores[store]}: ${(heap / mebi).toFixed(0)} MiB of heap, under ${bounds.heapMiB}`]
    : [])
]

export const number = (value: number): string => Math.round(value).toLocaleString("en")

export const head = [
  "store",
  "rows",
  "import rows/s",
  "bare rows/s",
  "ratio (turns)",
  "peak heap",
  "heap limit"
] as const

const cellsOf = ({ bare, heap, heapLimit, imported, ratio, rows, spread: [low, high], store }: ImportOutcome) => [
  importStores[store],
  number(rows),
  number(imported),
  number(bare),
  `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
  `${number(heap / mebi)} MiB`,
  `${number(heapLimit / mebi)} MiB`
]

/** A table in Markdown, which is one to read as well. */
export const toTable = (outcomes: ReadonlyArray<ImportOutcome>): string => {
  const rows = [head, ...outcomes.map(cellsOf)]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lineOf = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`
  const [first = "", ...rest] = rows.map(lineOf)
  return [first, lineOf(widths.map((width) => "-".repeat(width))), ...rest].join("\n")
}
