import type { Target } from "../rows/Row.js"
import { formatRatio, formatTarget, type ReportRow } from "./Report.js"

/** How far on the good side of its target a ratio is: 2 is twice as good as asked, 0.5 half. */
export const headroom = (target: Target, ratio: number): number =>
  "atMost" in target ? target.atMost / ratio : ratio / target.atLeast

const width = 860
const labelWidth = 470
const barHeight = 14
const rowHeight = 34
const top = 46

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const style = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .faint { fill: #59636e }
  .line { stroke: #59636e; stroke-dasharray: 3 3 }
  .met { fill: #1a7f37 }
  .missed { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .line { stroke: #9198a1 }
    .met { fill: #3fb950 }
    .missed { fill: #f85149 }
  }
`

/**
 * Draws how far each row is from its target, on a scale on which the same length is the same factor. No background:
 * it stands on that of the page, light or dark.
 */
export const toSvg = (rows: ReadonlyArray<ReportRow>): string => {
  const bars = rows.flatMap(({ id, measured, ratio, target }) =>
    target === null ? [] : [{ id, target, ratio, what: measured.what, room: headroom(target, ratio) }]
  )
  const reach = Math.max(1, ...bars.map(({ room }) => Math.abs(Math.log2(room))))
  const middle = (width + labelWidth) / 2
  const x = (room: number) => middle + (Math.log2(room) / reach) * ((width - labelWidth) / 2 - 10)
  const height = top + bars.length * rowHeight + 10

  const drawn = bars.map(({ id, ratio, room, target, what }, index) => {
    const y = top + index * rowHeight
    const end = x(room)
    const words = `${what}: ${formatRatio(ratio)}, target ${formatTarget(target)}`
    return `<g><title>${escaped(`${id}: ${words}`)}</title>
<text x="0" y="${y + 4}">${escaped(what)}</text>
<text x="0" y="${y + 19}" class="faint">${escaped(`${formatRatio(ratio)}, target ${formatTarget(target)}`)}</text>
<rect x="${Math.min(middle, end).toFixed(1)}" y="${y - 3}" width="${Math.max(1.5, Math.abs(end - middle)).toFixed(1)}" height="${barHeight}" rx="2" class="${room >= 1 ? "met" : "missed"}"/></g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="How far each measurement is from its target">
<style>${style}</style>
<text x="0" y="16" class="title">Against the targets, in one run</text>
<text x="${middle}" y="16" text-anchor="middle" class="faint">worse ← target → better</text>
<line x1="${middle}" x2="${middle}" y1="24" y2="${height}" class="line"/>
${drawn.join("\n")}
</svg>
`
}
