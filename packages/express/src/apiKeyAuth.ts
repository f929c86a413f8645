import { InvalidInputError } from "@apikeys/core"
import { type Decision, errorOf, type GuardOptions, isPropertyName, makeGuard, type RequestReader } from "@apikeys/http"
import type { NextFunction, Request, RequestHandler, Response } from "express"
import { answerWith } from "./answerWith.js"
import type { OnError } from "./OnError.js"
import type { PropertyOption, RegisteredProperty, RequestKey } from "./Register.js"
import { sendProblem, setFields } from "./sendProblem.js"

/**
 * How `apiKeyAuth` guards.
 *
 * @since 0.1.0
 */
export interface ApiKeyAuthOptions extends GuardOptions<Request>, PropertyOption {
  /** Default: a problem of RFC 9457 in JSON. */
  readonly onError?: OnError | undefined
}

const reader: RequestReader<Request> = {
  message: (request) => request,
  address: (request) => request.ip,
  trustsProxy: (request) => Boolean(request.app?.get("trust proxy"))
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
  const guard = makeGuard(options, reader, ["onError", "property"])
  const { onError, property = "apiKey" } = options
  checkOptions(onError, property)

  /** Whether the request goes on. */
  const apply = (decision: Decision, request: Request, response: Response, next: NextFunction): boolean => {
    // Somebody else has answered in the meantime, a time-out for instance.
    if (response.headersSent) return false
    if (decision._tag === "Passed") {
      // The type is the application's own word, as that of the client's metadata is.
      if (decision.key !== null) request[property as RegisteredProperty] = decision.key as RequestKey
      setFields(response, decision.fields)
      return true
    }
    if (decision._tag === "Answered") {
      response.statusCode = decision.status
      response.end()
      return false
    }
    if (onError === undefined) sendProblem(response, decision.error)
    else answerWith(onError, decision.error, request, response, next)
    return false
  }

  const conclude = (decision: Decision, request: Request, response: Response, next: NextFunction): void => {
    let goesOn: boolean
    try {
      goesOn = apply(decision, request, response, next)
    } catch (thrown) {
      next(errorOf(thrown))
      return
    }
    if (goesOn) next()
  }

  return (request, response, next) => {
    if (response.writableEnded) return
    let decision: Decision | Promise<Decision>
    try {
      setFields(
        response,
        guard.cacheFields((name) => response.getHeader(name))
      )
      decision = guard.check(request)
    } catch (thrown) {
      next(errorOf(thrown))
      return
    }
    if ("then" in decision) decision.then((made) => conclude(made, request, response, next), next)
    else conclude(decision, request, response, next)
  }
}

const checkOptions = (onError: unknown, property: unknown): void => {
  const issues = [
    ...(onError === undefined || typeof onError === "function" ? [] : [{ path: "onError", rule: "is not a function" }]),
    ...(isPropertyName(property) ? [] : [{ path: "property", rule: "is not a free name of a request" }])
  ]
  if (issues.length > 0) throw new InvalidInputError({ issues })
}
