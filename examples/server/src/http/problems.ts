import { STATUS_CODES } from "node:http"
import { ApiKeyError } from "@apikeys/core"
import { problemHandler } from "@apikeys/fastify"
import { problemContentType } from "@apikeys/http"
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify"

/** A refusal of the server's own, beside those of the library. */
export class HttpError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

/** What Fastify refuses before a route runs, in words that repeat nothing of the request. */
const refusedByFastify: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: "The path cannot be decoded",
  FST_ERR_CTP_BODY_TOO_LARGE: "The body is too large",
  FST_ERR_CTP_EMPTY_JSON_BODY: "The body is empty",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The body has another length than was announced",
  FST_ERR_CTP_INVALID_JSON_BODY: "The body is not valid JSON",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "The body has to be application/json"
}

const send = (reply: FastifyReply, status: number, code: string, detail: string): FastifyReply => {
  const problem = { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, code }
  // As bytes: to a string Fastify would add a charset, which the media type does not have.
  return reply
    .code(status)
    .headers({ "Content-Type": problemContentType, "Cache-Control": "no-store" })
    .send(Buffer.from(JSON.stringify(problem)))
}

const ofLibrary = problemHandler()

/** Answers whatever a route throws with a problem of RFC 9457, as the guards do. */
export const answerError = (
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply
): FastifyReply => {
  if (error instanceof ApiKeyError) return ofLibrary(error, request, reply)
  if (error instanceof HttpError) return send(reply, error.status, error.code, error.message)
  const status = "statusCode" in error ? (error.statusCode ?? 500) : 500
  if (status >= 400 && status < 500) {
    const detail = ("code" in error ? refusedByFastify[error.code] : undefined) ?? "The request cannot be read"
    return send(reply, status, "invalid_request", detail)
  }
  request.log.error(error)
  return send(reply, 500, "internal_error", "The server made a mistake")
}

/** Every answer that is no success is a problem, also where there is no route. */
export const answerProblems = (app: FastifyInstance): void => {
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) => send(reply, 404, "no_such_route", "There is no such route"))
}
