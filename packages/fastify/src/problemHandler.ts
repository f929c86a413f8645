import { type GuardOptions, type ProblemOptions, problemOf, problemSettings } from "@apikeys/http"
import type { FastifyReply, FastifyRequest } from "fastify"
import { sendProblem } from "./sendProblem.js"

/**
 * An error handler for `setErrorHandler` that answers the errors of this library with problems: those that routes let
 * through, such as `NotFoundError` of the client, and those that an `onError` threw. Any other error goes to the error
 * handler of the scope around.
 *
 * @example
 * ```ts
 * fastify.setErrorHandler(problemHandler())
 * ```
 *
 * @throws InvalidInputError that names every option that breaks a rule
 * @since 0.1.0
 */
export const problemHandler = (options: ProblemOptions & Pick<GuardOptions<never>, "credentials"> = {}) => {
  const settings = problemSettings(options)
  return (error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = problemOf(error, settings)
    if (problem === null) throw error
    return sendProblem(reply, problem)
  }
}
