// All that the benchmark knows of the library's modes.
import type { ValidateKeyOptions } from "@apikeys/core"

export interface Mode {
  readonly cache: boolean
  readonly usage: "deferred" | "durable" | "off"
  readonly limits: "exact" | "leased" | "memory" | "off"
}

/** What a client is opened with. */
export const openOptions = (mode: Mode, capacity?: number) => ({
  cache: mode.cache ? { ...(capacity !== undefined && { capacity }) } : (false as const),
  usage: mode.usage,
  rateLimits: mode.limits === "off" ? ("exact" as const) : mode.limits
})

/** What each call asks, beside what every call asks. */
export const callOptions = (mode: Mode): ValidateKeyOptions => ({
  trackUsage: mode.usage !== "off",
  checkRateLimit: mode.limits !== "off"
})

/** Nothing is kept in memory, and every charge and use is committed before the answer. */
export const strict: Mode = { cache: false, usage: "durable", limits: "exact" }
/** The same, but the key itself may come from the cache. */
export const committed: Mode = { cache: true, usage: "durable", limits: "exact" }
/** As little as a store can be asked: one look-up. */
export const lookUp: Mode = { cache: false, usage: "off", limits: "off" }
/** Everything that is needed is in memory. */
export const leased: Mode = { cache: true, usage: "deferred", limits: "leased" }
export const memory: Mode = { cache: true, usage: "deferred", limits: "memory" }
