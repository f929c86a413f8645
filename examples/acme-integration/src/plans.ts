import type { RateLimitOptions } from "@apikeys/core"

export type PlanName = "free" | "pro"

export interface Plan {
  readonly scopes: ReadonlyArray<string>
  /** Under the same names in every plan, so that what was used of a limit stays used after an upgrade. */
  readonly rateLimits: ReadonlyArray<RateLimitOptions>
  /** Limits are those of a key: without a bound on keys a plan would have none. */
  readonly maxKeys: number
}

export const plans: Readonly<Record<PlanName, Plan>> = {
  free: {
    scopes: ["numbers:read"],
    rateLimits: [
      { name: "per-minute", requests: 10, window: "minute" },
      { name: "per-day", requests: 100, window: "day" }
    ],
    maxKeys: 1
  },
  pro: {
    scopes: ["numbers:read", "bytes:read"],
    rateLimits: [
      { name: "per-minute", requests: 600, window: "minute" },
      { name: "per-day", requests: 100_000, window: "day" }
    ],
    maxKeys: 5
  }
}

export const isPlanName = (text: unknown): text is PlanName => typeof text === "string" && Object.hasOwn(plans, text)
