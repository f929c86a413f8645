import type { ProblemError } from "@apikeys/http"
import type { NextFunction, Request, Response } from "express"

/**
 * Answers a refusal in an application's own way: it ends the response, which then has the status and the fields of the
 * refusal, such as `WWW-Authenticate` and `Retry-After`, unless it sets a status of its own. Or it hands the request on,
 * with nothing of the refusal: `next(error)` to error handling, and `next()`, without an argument, to **what is guarded**.
 *
 * @since 0.1.0
 */
export type OnError = (error: ProblemError, request: Request, response: Response, next: NextFunction) => unknown
