import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { headroom, toSvg } from "../src/report/chart.js"
import { misses, type Report, type ReportRow, toReportRow } from "../src/report/Report.js"
import { excerpt, showIn, shownIn } from "../src/report/readme.js"
import { targetTable, toMarkdown } from "../src/report/table.js"
import type { Row } from "../src/rows/Row.js"

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const row: Row = {
  id: "a-row",
  measured: "this & that",
  against: "the other",
  comparison: "a comparison",
  contender: "ours",
  other: "theirs",
  load: 64,
  unit: "µs",
  target: { atMost: 2 },
  tags: []
}

const samples = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>) => {
  const sample = (contender: string, load: number, values: ReadonlyArray<number>) => ({
    contender,
    load,
    rounds: values.map((µs) => ({ µs }))
  })
  return new Map([["a comparison", [sample("ours", 1, [1]), sample("ours", 64, ours), sample("theirs", 64, theirs)]]])
}

const measured = (changes: Partial<Row> = {}): ReportRow =>
  toReportRow({ ...row, ...changes }, samples([20, 33, 40], [10, 11, 10]))

const report = (rows: ReadonlyArray<ReportRow>, changes: Partial<Report> = {}): Report => ({
  date: "2026-01-31",
  quick: false,
  whole: true,
  rounds: 3,
  machine: {
    cpu: "A processor",
    cores: 2,
    memoryGiB: 8,
    system: "linux x64",
    node: "v20.20.2",
    versions: { "better-auth": "1.7.5" },
    databases: { PostgreSQL: "15.1, fsync=off" }
  },
  rows,
  exactness: [],
  ...changes
})

describe("a row", () => {
  it("tells the median of the rounds' ratios, and not the ratio of two medians", () => {
    expect(measured()).toMatchObject({
      id: "a-row",
      rounds: 3,
      measured: { what: "this & that", unit: "µs", median: 33 },
      against: { what: "the other", median: 10 },
      ratio: 3,
      spread: [2.5, 3.5],
      target: { atMost: 2 },
      met: false
    })
  })

  it("meets a target that it reaches exactly, from either side", () => {
    expect(measured({ target: { atMost: 3 } }).met).toBe(true)
    expect(measured({ target: { atLeast: 3 } }).met).toBe(true)
    expect(measured({ target: { atLeast: 3.1 } }).met).toBe(false)
    expect(measured({ target: null }).met).toBeNull()
  })

  it("may be held against a bound", () => {
    expect(measured({ other: 66 })).toMatchObject({ against: { median: 66 }, ratio: 0.5 })
  })

  it("whose other side was not measured is an error", () => {
    expect(() => measured({ other: "nobody" })).toThrow("nobody was not measured")
    expect(() => measured({ unit: "MiB" })).toThrow("MiB")
  })
})

describe("a report", () => {
  const admitted = { id: "an-id", contender: "ours", isOurs: true, limit: 10, asked: 20, admitted: 11, exact: false }

  it("ends with what misses its target, and with limits of ours that were not exact", () => {
    const rows = [measured(), measured({ id: "met", target: { atMost: 5 } }), measured({ id: "told", target: null })]
    const exactness = [admitted, { ...admitted, isOurs: false }, { ...admitted, admitted: 10, exact: true }]
    expect(misses({ rows, exactness })).toEqual([
      "a-row: this & that is 3× of the other; the target is at most 2×",
      "ours: admitted 11 under a limit of 10"
    ])
  })

  it("for people has every row, whether it is met, and where it ran", () => {
    const text = toMarkdown(report([measured()], { exactness: [admitted] }))
    expect(text).toContain("| this & that | the other | 3× (2.5 to 3.5) | at most 2× | **missed** |")
    expect(text).toContain("| `a-row` | this & that | 33 µs | the other | 10 µs | 3× (2.5 to 3.5) |")
    expect(text).toContain("| ours | 10 | 20 | 11 | **not exact** |")
    expect(text).toContain("A processor, 2 cores, 8 GiB, Node v20.20.2, linux x64; 3 rounds; 2026-01-31")
    expect(text).toContain("PostgreSQL 15.1, fsync=off")
    expect(text).toContain("better-auth 1.7.5")
    expect(text).not.toContain("quick run")
    expect(toMarkdown(report([], { quick: true }))).toContain("quick run")
  })

  it("leaves rows without a target out of the table of targets", () => {
    expect(targetTable([measured({ target: null })]).split("\n")).toHaveLength(2)
  })

  it("is drawn for light and dark pages, each bar on its side of the target", () => {
    const svg = toSvg([measured(), measured({ id: "met", target: { atMost: 6 } })])
    expect(svg).toContain("prefers-color-scheme: dark")
    expect(svg).toContain("this &amp; that")
    const middle = Number(svg.match(/<line x1="([\d.]+)"/)?.[1])
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)".*?class="(\w+)"/g)]
    expect(bars.map(([, , , verdict]) => verdict)).toEqual(["missed", "met"])
    const [missed, met] = bars.map(([, x, width]) => ({ from: Number(x), to: Number(x) + Number(width) }))
    expect(missed?.to).toBeCloseTo(middle, 0)
    expect(met?.from).toBeCloseTo(middle, 0)
    expect(met?.to).toBeGreaterThan(middle)
  })

  it("says how far beyond its target a ratio is", () => {
    expect(headroom({ atMost: 2 }, 1)).toBe(2)
    expect(headroom({ atMost: 2 }, 4)).toBe(0.5)
    expect(headroom({ atLeast: 10 }, 30)).toBe(3)
  })
})

describe("the README of the project", () => {
  const readme = readFileSync(path("../../README.md"), "utf8")

  it("shows the results, and nothing else of it changes", () => {
    const shown = showIn(readme, report([measured()]))
    expect(shownIn(shown)).toBe(excerpt(report([measured()])))
    expect(shown).toContain("3× (2.5 to 3.5)")
    expect(shown.replace(shownIn(shown), "")).toBe(showIn(readme, report([])).replace(excerpt(report([])), ""))
    expect(showIn(shown, report([measured()]))).toBe(shown)
  })

  it("without a place for them is an error", () => {
    expect(() => showIn("# apikeys", report([]))).toThrow("no place")
  })

  it("shows the results that are kept, or none while there are none", () => {
    const latest = path("../results/latest.json")
    expect(shownIn(readme)).toBe(existsSync(latest) ? excerpt(JSON.parse(readFileSync(latest, "utf8"))) : "")
  })
})
