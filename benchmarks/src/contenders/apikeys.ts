// All that the benchmark knows of the library's modes.
import type { ValidateKeyOptions } from "@apikeys/core"

export interface Mode {
  readonly cache: boolean
  readonly usage: "deferred" | "durable" | "off"
  readonly limits: "exact" | "leased" | "memory" | "off"
}

/** Whether the library has these modes. Without them it is uncached, exact and durable, and nothing else is measured. */
const hasModes = false

export const isAvailable = ({ cache, limits, usage }: Mode): boolean =>
  hasModes || (!cache && (limits === "exact" || limits === "off") && usage !== "deferred")

/** What a client is opened with. */
export const openOptions = (mode: Mode, capacity?: number): object =>
  hasModes
    ? {
        cache: mode.cache ? { ...(capacity !== undefined && { capacity }) } : false,
        usage: mode.usage,
        rateLimits: mode.limits === "off" ? "exact" : mode.limits
      }
    : {}

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
