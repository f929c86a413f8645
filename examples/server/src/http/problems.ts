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
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The body has another length than was announced",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "The body has to be application/json",
  FST_ERR_MAX_PARAM_LENGTH: "A part of the path is too long"
}

/** Browsers are not to guess what an answer is. */
export const noSniff = { "X-Content-Type-Options": "nosniff" } as const

/** The fields of an answer that is a problem. */
export const problemFields = { "Content-Type": problemContentType, "Cache-Control": "no-store", ...noSniff } as const

/** As bytes: to a string Fastify would add a charset, which the media type does not have. */
export const problemBody = (status: number, code: string, detail: string): Buffer =>
  Buffer.from(JSON.stringify({ type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, code }))

const send = (reply: FastifyReply, status: number, code: string, detail: string): FastifyReply =>
  reply
    .code(status)
    .headers(problemFields)
    .send(problemBody(status, code, detail))

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
  app.addHook("onSend", (_request, reply, _payload, done) => {
    reply.headers(noSniff)
    done()
  })
  // Node itself would answer with an empty body.
  app.addHook("onRequest", ({ headers, raw }, _reply, done) => {
    const lacksHost = raw.httpVersion === "1.1" && headers.host === undefined
    done(lacksHost ? new HttpError(400, "invalid_request", "The field Host is missing") : undefined)
  })
  app.setNotFoundHandler((_request, reply) => send(reply, 404, "no_such_route", "There is no such route"))
}
