import { Predicate } from "effect"
import type { GuardError } from "./GuardError.js"
import type { HeaderFields } from "./HeaderFields.js"

/**
 * A problem of RFC 9457, as it stands in the body. Besides these members it has the data of its error.
 *
 * @since 0.1.0
 */
export interface Problem {
  /** `about:blank` where `status` and `code` say it all (RFC 9457, section 4.2.1). */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** What programs tell problems apart by. */
  readonly code: string
  readonly [member: string]: unknown
}

/** The media type of a problem in JSON. */
export const problemContentType = "application/problem+json"

/** What the problems of every copy of this package have: each adapter may bring one. */
const brand = Symbol.for("@apikeys/http/ProblemError")

/** Whether a value is a problem, of another copy of this package as well. */
export const isProblemError = (value: unknown): value is ProblemError => Predicate.hasProperty(value, brand)

/**
 * A refusal, ready to be answered. Frameworks that know nothing of it find the status and the fields under the names
 * that they look for.
 *
 * @since 0.1.0
 */
export class ProblemError extends Error {
  override readonly name = "ProblemError"
  /** What was wrong, with its class and data. */
  declare readonly cause: GuardError
  readonly status: number
  readonly statusCode: number
  /** The fields of the answer but those of its body: `WWW-Authenticate`, `Retry-After`, `Cache-Control` and others. */
  readonly headers: Readonly<Record<string, string>>
  readonly problem: Problem
  /** The message may be shown to the client. */
  readonly expose = true

  constructor(problem: Problem, fields: HeaderFields, cause: GuardError) {
    super(problem.detail, { cause })
    this.status = problem.status
    this.statusCode = problem.status
    this.headers = Object.fromEntries(fields)
    this.problem = problem
  }

  /** The body of the answer, of the type `application/problem+json`. */
  get body(): string {
    return JSON.stringify(this.problem)
  }
}

Object.defineProperty(ProblemError.prototype, brand, { value: true })
