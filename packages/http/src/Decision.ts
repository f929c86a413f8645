import type { KeyData } from "@apikeys/core"
import type { HeaderFields } from "./HeaderFields.js"
import type { ProblemError } from "./ProblemError.js"

/**
 * A request that may go on.
 *
 * @since 0.1.0
 */
export interface Passed {
  readonly _tag: "Passed"
  /** `null` for a request without a credential where it is optional, and for a CORS preflight that is handed on. */
  readonly key: KeyData<unknown> | null
  /** To be set before the route runs. */
  readonly fields: HeaderFields
}

/**
 * A request that is to be answered with a problem.
 *
 * @since 0.1.0
 */
export interface Refused {
  readonly _tag: "Refused"
  readonly error: ProblemError
}

/**
 * A CORS preflight, which the guard answers: without a body, and without fields that would allow anything.
 *
 * @since 0.1.0
 */
export interface Answered {
  readonly _tag: "Answered"
  readonly status: 204
}

/** @since 0.1.0 */
export type Decision = Passed | Refused | Answered
