import { Input, InvalidInputError } from "@apikeys/core"
import type { FastifyInstance } from "fastify"
import { HttpError } from "./problems.js"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** A number that would change on the way is refused by its path: see `Input.parseJson`. */
const parse = (body: Buffer): unknown => {
  try {
    return Input.parseJson(utf8.decode(body))
  } catch (error) {
    throw error instanceof InvalidInputError
      ? error
      : new HttpError(400, "invalid_request", "The body is not valid JSON in UTF-8")
  }
}

/** Bodies are JSON. Where there is none, it does not matter of which type it would be. */
export const readBodies = (app: FastifyInstance): void => {
  app.addHook("onRequest", ({ headers }, _reply, done) => {
    const isEmpty = headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0
    if (isEmpty) delete headers["content-type"]
    done()
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body: Buffer, done) => {
    try {
      done(null, body.length === 0 ? undefined : parse(body))
    } catch (error) {
      done(error as Error)
    }
  })
}
