import type { Unit } from "../contenders/Contender.js"

export type Target = { readonly atMost: number } | { readonly atLeast: number }

/** One contender's median of a comparison, as a ratio to another's, or to a bound. */
export interface Row {
  readonly id: string
  /** What is measured, and against what, in words. */
  readonly measured: string
  readonly against: string
  readonly comparison: string
  readonly contender: string
  /** The other contender, or a bound in the unit. */
  readonly other: string | number
  readonly load: number
  readonly unit: Unit
  /** Of the ratio; `null` for what is told without a promise. */
  readonly target: Target | null
  /** What `--only` may call it by, besides its id and its comparison. */
  readonly tags: ReadonlyArray<string>
}

export const isMet = (target: Target, ratio: number): boolean =>
  "atMost" in target ? ratio <= target.atMost : ratio >= target.atLeast

/** Whether less of the unit is better, where there is no target to tell. */
export const isLessBetter = (unit: Unit): boolean => unit === "µs" || unit === "MiB"
