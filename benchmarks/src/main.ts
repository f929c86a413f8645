// Measures, prints, writes the report, and ends with what misses its target.
import { fileURLToPath } from "node:url"
import { startAll } from "../../scripts/services/running.mjs"
import type { Servers } from "./contenders/Bench.js"
import { admissions } from "./exactness/admissions.js"
import { type Options, parseOptions } from "./Options.js"
import { describeMachine } from "./report/machine.js"
import { misses, type Report, toReportRow } from "./report/Report.js"
import { writeReport } from "./report/write.js"
import { rows } from "./rows/registry.js"
import { select } from "./rows/select.js"
import { askAdmissions } from "./run/askAdmissions.js"
import { comparisonOf, measureRows } from "./run/measureRows.js"

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const results = path("../results")

const run = async ({ only, out, scale }: Options): Promise<Report> => {
  const asked = new Set<unknown>(select([...rows, ...admissions], only))
  const wanted = rows.filter((row) => asked.has(row))
  const exactness = admissions.filter((admission) => asked.has(admission))

  const needs = [...wanted.map(comparisonOf), ...exactness].flatMap((each) => each.needs)
  const running = await startAll([...new Set(needs)], { durable: true })
  try {
    const servers: Servers = Object.fromEntries(running.map(({ name, url }) => [name, url]))
    const machine = await describeMachine(servers)
    const samples = await measureRows(wanted, scale, servers)
    const report: Report = {
      date: new Date().toISOString().slice(0, 10),
      quick: scale.quick,
      whole: only === null,
      rounds: scale.rounds,
      machine,
      rows: wanted.map((row) => toReportRow(row, samples)),
      exactness: await askAdmissions(exactness, scale, servers)
    }
    if (out !== null) {
      // Only what was measured whole, and for long enough, is shown to everybody.
      const isShown = out === results && report.whole && !report.quick
      writeReport(report, out, isShown ? path("../../README.md") : null)
    }
    return report
  } finally {
    await Promise.all(running.map(({ stop }) => stop()))
  }
}

const conclude = (report: Report) => {
  const missed = misses(report)
  console.log(missed.length === 0 ? "\nNothing misses its target." : `\n${missed.length} miss their target:`)
  for (const miss of missed) console.log(`  ${miss}`)
  // A slow row is a figure. A limit that is not kept is a fault.
  if (report.exactness.some(({ exact, isOurs }) => isOurs && !exact)) process.exitCode = 1
}

try {
  conclude(await run(parseOptions(process.argv.slice(2), results)))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
