import type { Report } from "./Report.js"
import { machineLine, targetTable } from "./table.js"

const begin = "<!-- benchmark results: written by `npm run bench` -->"
const end = "<!-- end of benchmark results -->"

/** What the README of the project shows of a report. */
export const excerpt = (report: Report): string =>
  [
    "![How far each measurement is from its target](benchmarks/results/chart.svg)",
    targetTable(report.rows),
    `${machineLine(report)}. Every figure, and who was measured in which version: [benchmarks/results](benchmarks/results/table.md).`
  ].join("\n\n")

/** What stands between the marks; throws where there are none. */
export const shownIn = (readme: string): string => {
  const [before, after] = [readme.indexOf(begin), readme.indexOf(end)]
  if (before < 0 || after < before) throw new Error("The README has no place for the results of the benchmark")
  return readme.slice(before + begin.length, after).trim()
}

/** The README with a report in place of the one that it showed. */
export const showIn = (readme: string, report: Report): string => {
  shownIn(readme)
  return `${readme.slice(0, readme.indexOf(begin) + begin.length)}\n\n${excerpt(report)}\n\n${readme.slice(readme.indexOf(end))}`
}
