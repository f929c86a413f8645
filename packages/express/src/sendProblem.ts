import { type HeaderFields, type ProblemError, problemContentType } from "@apikeys/http"
import type { Response } from "express"

export const setFields = (response: Response, fields: HeaderFields): void => {
  for (const [name, value] of fields) response.setHeader(name, value)
}

/** Past `res.send`, which would add a charset that the media type does not have, and an ETag to what is not stored. */
export const sendProblem = (response: Response, error: ProblemError): void => {
  const body = Buffer.from(error.body)
  response.statusCode = error.status
  setFields(response, Object.entries(error.headers))
  response.setHeader("Content-Type", problemContentType)
  response.setHeader("Content-Length", body.byteLength)
  response.end(body)
}
