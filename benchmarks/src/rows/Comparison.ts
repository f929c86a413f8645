import type { ServiceName } from "../../../scripts/services/Service.js"
import type { Open } from "../contenders/Contender.js"
import type { Scale } from "../Scale.js"

/** Contenders that are measured in turn, in a process of their own. */
export interface Comparison {
  readonly name: string
  /** What it is about, in words. */
  readonly title: string
  readonly needs: ReadonlyArray<ServiceName>
  /** How many calls are in flight at a time: each of them once, in rounds of its own. */
  readonly loads: ReadonlyArray<number>
  readonly rounds?: (scale: Scale) => number
  /** By the names that rows call them by. Opened in this order. */
  readonly contenders: Readonly<Record<string, Open>>
}

/** The two loads of most comparisons. */
export const alone = 1
export const crowd = 64
