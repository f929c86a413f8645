import type { Servers } from "../contenders/Bench.js"
import { formatNumber, type Samples, toReportRow } from "../report/Report.js"
import type { Comparison } from "../rows/Comparison.js"
import type { Row } from "../rows/Row.js"
import { comparisons } from "../rows/registry.js"
import type { Scale } from "../Scale.js"
import { inWorker } from "./inWorker.js"
import type { Sample } from "./runComparison.js"

export const comparisonOf = (row: Row): Comparison => {
  const found = comparisons.find(({ name }) => name === row.comparison)
  if (found === undefined) throw new Error(`${row.id} is of no comparison`)
  return found
}

const sidesOf = ({ contender, other }: Row): ReadonlyArray<string> =>
  typeof other === "string" ? [contender, other] : [contender]

const print = (row: Row, samples: Samples) => {
  const { against, measured, met, ratio, spread } = toReportRow(row, samples)
  const sides = [measured, against].map(({ median, unit }) => `${formatNumber(median)} ${unit}`).join(" : ")
  const verdict = met === null ? "" : met ? "  met" : "  MISSED"
  console.log(
    `  ${row.id.padEnd(34)} ${formatNumber(ratio)}× (${spread.map(formatNumber).join(" to ")})  ${sides}${verdict}`
  )
}

/** Runs the comparisons that these rows need, each in a process of its own, and says what comes of them. */
export const measureRows = async (rows: ReadonlyArray<Row>, scale: Scale, servers: Servers): Promise<Samples> => {
  const samples = new Map<string, ReadonlyArray<Sample>>()
  for (const { name, title } of comparisons) {
    const ofIt = rows.filter((row) => row.comparison === name)
    if (ofIt.length === 0) continue
    console.log(`\n${title} …`)
    const wanted = { contenders: ofIt.flatMap(sidesOf), loads: ofIt.map(({ load }) => load) }
    samples.set(name, await inWorker<"comparison">({ kind: "comparison", name, wanted, scale, servers }))
    for (const row of ofIt) print(row, samples)
  }
  return samples
}
