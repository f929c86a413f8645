import { formatNumber, formatRatio, formatTarget, misses, type Report, type ReportRow } from "./Report.js"

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const tableOf = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")

const side = ({ median, unit }: ReportRow["measured"]): string => `${formatNumber(median)} ${unit}`

const ratioOf = ({ ratio, spread: [low, high] }: ReportRow): string =>
  `${formatRatio(ratio)} (${formatNumber(low)} to ${formatNumber(high)})`

/** Rows with a target, in the form that the README of the project has too. */
export const targetTable = (rows: ReadonlyArray<ReportRow>): string =>
  tableOf(
    ["measured", "against", "ratio", "target", ""],
    rows.flatMap((row) =>
      row.target === null
        ? []
        : [
            [
              row.measured.what,
              row.against.what,
              ratioOf(row),
              formatTarget(row.target),
              row.met ? "met" : "**missed**"
            ]
          ]
    )
  )

const figures = (rows: ReadonlyArray<ReportRow>): string =>
  tableOf(
    ["id", "measured", "", "against", "", "ratio"],
    rows.map((row) => [
      `\`${row.id}\``,
      row.measured.what,
      side(row.measured),
      row.against.what,
      side(row.against),
      ratioOf(row)
    ])
  )

const exactness = ({ exactness: all }: Report): string =>
  tableOf(
    ["limit of", "allows", "asked at once", "admitted", ""],
    all.map(({ admitted, asked, contender, exact, limit }) => [
      contender,
      String(limit),
      String(asked),
      String(admitted),
      exact ? "exact" : "**not exact**"
    ])
  )

/** Where it ran, in a line. */
export const machineLine = ({ date, machine, rounds }: Report): string =>
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, ${machine.system}; ${rounds} rounds; ${date}`

const listOf = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ")

/** The whole report, for people. */
export const toMarkdown = (report: Report): string => {
  const missed = misses(report)
  const parts = [
    "# Results",
    report.quick ? "**A quick run: it shows that everything works, and says nothing of how fast.**" : "",
    machineLine(report),
    "A ratio is the median of the rounds' ratios, and in brackets where the middle half of them lies. Figures of one contender\nare medians. Ratios compare what ran in one run, in turn; figures of two machines compare nothing.",
    report.rows.some(({ target }) => target !== null) ? `## Targets\n\n${targetTable(report.rows)}` : "",
    report.rows.length > 0 ? `## Figures\n\n${figures(report.rows)}` : "",
    report.exactness.length > 0 ? `## Exactness\n\n${exactness(report)}` : "",
    `## With what\n\nDatabases, with the same settings for every contender: ${listOf(report.machine.databases)}.\n\nPackages: ${listOf(report.machine.versions)}.`,
    `## Misses\n\n${missed.length === 0 ? "None." : missed.map((miss) => `- ${miss}`).join("\n")}`
  ]
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`
}
