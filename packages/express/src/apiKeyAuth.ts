import { InvalidInputError } from "@apikeys/core"
import { type Decision, type GuardOptions, makeGuard, type ProblemError, type RequestReader } from "@apikeys/http"
import type { NextFunction, Request, RequestHandler, Response } from "express"
import type { RequestKey } from "./Register.js"
import { sendProblem, setFields } from "./sendProblem.js"

/**
 * Answers a refusal in an application's own way. The status and the fields of the refusal, such as `WWW-Authenticate`
 * and `Retry-After`, are set when it is called. It ends the response, or passes the error to `next`.
 *
 * @since 0.1.0
 */
export type OnError = (error: ProblemError, request: Request, response: Response, next: NextFunction) => unknown

/**
 * How `apiKeyAuth` guards.
 *
 * @since 0.1.0
 */
export interface ApiKeyAuthOptions extends GuardOptions<Request> {
  /** Default: a problem of RFC 9457 in JSON. */
  readonly onError?: OnError | undefined
}

const reader: RequestReader<Request> = {
  message: (request) => request,
  address: (request) => request.ip
}

/**
 * Admits requests that carry a good key, and puts it on `req.apiKey`. All others are answered; what is neither the
 * caller's fault nor the store's is passed to `next`.
 *
 * A guard that asks for no organization, project or product accepts **keys of any organization**.
 *
 * @example
 * ```ts
 * app.use("/v1", apiKeyAuth({ client, productId: product.id }))
 * app.post("/v1/reports", apiKeyAuth({ client, requiredScopes: ["reports:write"], cost: 10 }), createReport)
 * ```
 *
 * @throws InvalidInputError that names every option that breaks a rule
 * @since 0.1.0
 */
export const apiKeyAuth = (options: ApiKeyAuthOptions): RequestHandler => {
  const guard = makeGuard(options, reader, ["onError"])
  const { onError } = options
  if (onError !== undefined && typeof onError !== "function") {
    throw new InvalidInputError({ issues: [{ path: "onError", rule: "is not a function" }] })
  }

  const apply = (decision: Decision, request: Request, response: Response, next: NextFunction): void => {
    // Somebody else has answered in the meantime, a time-out for instance.
    if (response.headersSent) return
    if (decision._tag === "Passed") {
      // The type is the application's own word, as that of the client's metadata is.
      if (decision.key !== null) request.apiKey = decision.key as RequestKey
      setFields(response, decision.fields)
      next()
      return
    }
    const { error } = decision
    if (onError === undefined) sendProblem(response, error)
    else answer(onError, error, request, response, next)
  }

  return (request, response, next) => {
    setFields(
      response,
      guard.cacheFields((name) => response.getHeader(name))
    )
    let decision: Decision | Promise<Decision>
    try {
      decision = guard.check(request)
    } catch (error) {
      next(error)
      return
    }
    if ("then" in decision) decision.then((made) => apply(made, request, response, next), next)
    else apply(decision, request, response, next)
  }
}

/** Nothing that an application's function throws, now or later, may go unheard. */
const answer = (
  onError: OnError,
  error: ProblemError,
  request: Request,
  response: Response,
  next: NextFunction
): void => {
  const fail = (thrown: unknown): void => {
    // A mistake in it is no refusal; the error itself, passed on, brings its status along.
    if (!response.headersSent) response.statusCode = 500
    next(thrown)
  }
  response.statusCode = error.status
  setFields(response, Object.entries(error.headers))
  try {
    const answered = onError(error, request, response, next)
    if (answered instanceof Promise) answered.catch(fail)
  } catch (thrown) {
    fail(thrown)
  }
}
