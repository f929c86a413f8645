import { type GuardOptions, type ProblemOptions, problemOf, problemSettings } from "@apikeys/http"
import type { ErrorRequestHandler } from "express"
import { sendProblem } from "./sendProblem.js"

/**
 * Error handling of Express that answers the errors of this library with problems: those that routes let through, such
 * as `NotFoundError` of the client, and those that an `onError` passed on. Any other error goes to `next`.
 *
 * @example
 * ```ts
 * app.use(problemHandler())
 * ```
 *
 * @throws InvalidInputError that names every option that breaks a rule
 * @since 0.1.0
 */
export const problemHandler = (
  options: ProblemOptions & Pick<GuardOptions<never>, "credentials"> = {}
): ErrorRequestHandler => {
  const settings = problemSettings(options)
  return (error, _request, response, next) => {
    const problem = problemOf(error, settings)
    if (problem === null || response.headersSent) next(error)
    else sendProblem(response, problem)
  }
}
