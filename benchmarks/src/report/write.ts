import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { toSvg } from "./chart.js"
import type { Report } from "./Report.js"
import { showIn } from "./readme.js"
import { toMarkdown } from "./table.js"

/**
 * Writes a report into a folder.
 *
 * @param readme is made to show it, unless it is `null`
 */
export const writeReport = (report: Report, folder: string, readme: string | null): void => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "latest.json"), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(folder, "table.md"), toMarkdown(report))
  writeFileSync(join(folder, "chart.svg"), toSvg(report.rows))
  if (readme !== null) writeFileSync(readme, showIn(readFileSync(readme, "utf8"), report))
}
