// How fast keys are imported, against bare multi-row inserts of the same rows, and in how much heap.
import { startAll } from "../../../scripts/services/running.mjs"
import type { ServiceName } from "../../../scripts/services/Service.js"
import { openBench, type Servers } from "../contenders/Bench.js"
import { full } from "../Scale.js"
import { bounds, type ImportOutcome, missesOf, number, toTable } from "./ImportOutcome.js"
import { measureImport } from "./measureImport.js"
import { type ImportStore, importStores } from "./Order.js"
import { type ImportsOptions, parseImportsOptions } from "./options.js"

const isService = (store: ImportStore): store is ServiceName & ImportStore => store !== "sqlite"

const run = async (options: ImportsOptions): Promise<ReadonlyArray<ImportOutcome>> => {
  const { only } = options
  const running = await startAll(only.filter(isService))
  const servers: Servers = Object.fromEntries(running.map(({ name, url }) => [name, url]))
  const outcomes: Array<ImportOutcome> = []
  try {
    for (const store of only) {
      console.log(`${importStores[store]} …`)
      const bench = await openBench(full, servers)
      try {
        let done = 0
        const outcome = await measureImport(bench, store, options, (ours, theirs, rows) => {
          done += rows
          const [our, their] = [ours, theirs].map(({ seconds }) => number(rows / seconds))
          console.log(`  ${number(done)} of ${number(options.rows)}: ${our} rows/s imported, ${their} bare`)
        })
        outcomes.push(outcome)
      } finally {
        await bench.close()
      }
    }
  } finally {
    await Promise.all(running.map(({ stop }) => stop()))
  }
  return outcomes
}

try {
  const options = parseImportsOptions(process.argv.slice(2))
  const outcomes = await run(options)
  const missed = outcomes.flatMap(missesOf)
  console.log(`\n${toTable(outcomes)}\n`)
  if (missed.length === 0) {
    console.log(`No ratio is below ${bounds.ratio}, and no heap reached ${bounds.heapMiB} MiB.`)
  } else console.log(["Missed:", ...missed].join("\n  "))
  process.exitCode = missed.length === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
