import { type HeaderFields, type ProblemError, problemContentType } from "@apikeys/http"
import type { FastifyReply } from "fastify"

export const setFields = (reply: FastifyReply, fields: HeaderFields): void => {
  for (const [name, value] of fields) reply.header(name, value)
}

/** As bytes: to a string Fastify would add a charset that the media type does not have. */
export const sendProblem = (reply: FastifyReply, error: ProblemError): FastifyReply => {
  setFields(reply, Object.entries(error.headers))
  return reply.code(error.status).header("Content-Type", problemContentType).send(Buffer.from(error.body))
}
