import type { ProblemError } from "@apikeys/http"
import type { NextFunction, Request, Response } from "express"

/**
 * Answers a refusal in an application's own way: it ends the response, which then has the status and the fields of the
 * refusal, such as `WWW-Authenticate` and `Retry-After`, unless it sets a status of its own. Or it hands the request on:
 * `next(error)` leaves the same to error handling. With nothing of the refusal, any other error goes there, and `next()`,
 * without an argument, goes to **what is guarded**.
 *
 * @since 0.1.0
 */
export type OnError = (error: ProblemError, request: Request, response: Response, next: NextFunction) => unknown
