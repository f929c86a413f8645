import type { RateLimit, RateLimitState } from "@apikeys/core"

/** What is kept of a limit: of which limit, and its state. */
export interface Counter extends Pick<RateLimit, "name" | "algorithm" | "window"> {
  readonly state: RateLimitState
}

/** The columns of a counter. Read at every charge, so decoded by hand; numbers come as text from some drivers. */
export interface CounterRow {
  readonly name: string
  readonly algorithm: RateLimit["algorithm"]
  /** `minute`, or a number of seconds. */
  readonly limit_window: string
  readonly charged_at: unknown
  readonly used: unknown
  readonly carry: unknown
}

/** The columns that {@link toCounter} reads, of the alias `r`, in this order. */
export const counterColumns = "r.name, r.algorithm, r.limit_window, r.charged_at, r.used, r.carry"

/** A counter as its row keeps it. */
export const toCounter = (row: unknown): Counter => {
  const { algorithm, carry, charged_at, limit_window, name, used } = row as CounterRow
  const seconds = Number(limit_window)
  return {
    name,
    algorithm,
    window: Number.isNaN(seconds) ? (limit_window as RateLimit["window"]) : seconds,
    state: { at: Number(charged_at), used: Number(used), carry: Number(carry) }
  }
}

/** The columns of a counter, but for its key. */
export const toCounterRow = ({ algorithm, name, state, window }: Counter): CounterRow => ({
  name,
  algorithm,
  limit_window: String(window),
  charged_at: state.at,
  used: state.used,
  carry: state.carry
})
