import type { ServiceName } from "../../../scripts/services/Service.js"
import type { Bench } from "../contenders/Bench.js"

/** Asks a contender for twice as many calls as its limit allows, all at once. */
export interface Admission {
  readonly id: string
  /** Whose limit, in which mode. */
  readonly contender: string
  /** Whether it is this library. */
  readonly isOurs: boolean
  readonly needs: ReadonlyArray<ServiceName>
  /** What `--only` may call it by, besides its id. */
  readonly tags: ReadonlyArray<string>
  /** @returns how many of twice the limit were admitted */
  readonly admitted: (bench: Bench, limit: number) => Promise<number>
}

export interface Admitted {
  readonly id: string
  readonly contender: string
  readonly isOurs: boolean
  readonly limit: number
  readonly asked: number
  readonly admitted: number
  readonly exact: boolean
}

export const askTwice = async ({ admitted, contender, id, isOurs }: Admission, bench: Bench): Promise<Admitted> => {
  const { limit } = bench.scale
  const count = await admitted(bench, limit)
  return { id, contender, isOurs, limit, asked: 2 * limit, admitted: count, exact: count === limit }
}

/** How many of these calls, all made at once, came back true. */
export const countAtOnce = async (calls: number, call: () => Promise<boolean>): Promise<number> => {
  const outcomes = await Promise.all(Array.from({ length: calls }, call))
  return outcomes.filter((passed) => passed).length
}
