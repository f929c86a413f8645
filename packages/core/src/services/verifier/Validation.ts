import type { Question } from "./checks.js"

/** What a call asks, with defaults. */
export interface Validation extends Question {
  readonly trackUsage: boolean
  readonly checkRateLimit: boolean
  readonly cost: number
}
