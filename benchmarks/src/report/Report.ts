import type { Readings, Unit } from "../contenders/Contender.js"
import type { Admitted } from "../exactness/Admission.js"
import { pairedRatios, type Summary, summarize } from "../measure/Statistics.js"
import type { Row, Target } from "../rows/Row.js"
import { isMet } from "../rows/Row.js"
import type { Sample } from "../run/runComparison.js"
import type { Machine } from "./machine.js"

/** One side of a ratio: the median of its rounds, and where the middle half of them lies. */
export interface Side extends Summary {
  readonly what: string
  readonly unit: Unit
}

/** A row as it was measured. */
export interface ReportRow {
  readonly id: string
  readonly rounds: number
  readonly measured: Side
  readonly against: Side
  /** The median of the rounds' ratios. */
  readonly ratio: number
  /** Where the middle half of them lies. */
  readonly spread: readonly [low: number, high: number]
  readonly target: Target | null
  readonly met: boolean | null
}

export interface Report {
  readonly date: string
  /** A quick run shows that everything works, and says nothing of how fast. */
  readonly quick: boolean
  /** Whether all rows were asked for. */
  readonly whole: boolean
  readonly rounds: number
  readonly machine: Machine
  readonly rows: ReadonlyArray<ReportRow>
  readonly exactness: ReadonlyArray<Admitted>
}

/** The rounds of each contender, by comparison. */
export type Samples = ReadonlyMap<string, ReadonlyArray<Sample>>

const reading = (unit: Unit) => (readings: Readings) => {
  const value = readings[unit]
  if (value === undefined) throw new Error(`There is no reading in ${unit}`)
  return value
}

export const toReportRow = (row: Row, samples: Samples): ReportRow => {
  const roundsOf = (contender: string) => {
    const sample = samples.get(row.comparison)?.find((each) => each.contender === contender && each.load === row.load)
    if (sample === undefined) throw new Error(`${row.comparison}: ${contender} was not measured`)
    return sample.rounds.map(reading(row.unit))
  }
  const measured = roundsOf(row.contender)
  const { other } = row
  const against = typeof other === "number" ? measured.map(() => other) : roundsOf(other)
  const ratio = summarize(pairedRatios(measured, against))
  return {
    id: row.id,
    rounds: measured.length,
    measured: { what: row.measured, unit: row.unit, ...summarize(measured) },
    against: { what: row.against, unit: row.unit, ...summarize(against) },
    ratio: ratio.median,
    spread: [ratio.low, ratio.high],
    target: row.target,
    met: row.target === null ? null : isMet(row.target, ratio.median)
  }
}

/** What a report ends with, a line each: rows that miss their target, and our limits that were not exact. */
export const misses = ({ exactness, rows }: Pick<Report, "exactness" | "rows">): ReadonlyArray<string> => [
  ...rows.flatMap(({ against, id, measured, met, ratio, target }) =>
    met === false && target !== null
      ? [`${id}: ${measured.what} is ${formatRatio(ratio)} of ${against.what}; the target is ${formatTarget(target)}`]
      : []
  ),
  ...exactness.flatMap(({ admitted, contender, exact, isOurs, limit }) =>
    isOurs && !exact ? [`${contender}: admitted ${admitted} under a limit of ${limit}`] : []
  )
]

/** Three digits that count. */
export const formatNumber = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)))

export const formatRatio = (ratio: number): string => `${formatNumber(ratio)}×`

export const formatTarget = (target: Target): string =>
  "atMost" in target ? `at most ${formatRatio(target.atMost)}` : `at least ${formatRatio(target.atLeast)}`
