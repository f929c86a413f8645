import { errorOf, hearOut, type ProblemError } from "@apikeys/http"
import type { NextFunction, Request, Response } from "express"
import type { OnError } from "./OnError.js"

/**
 * Lets an application answer a refusal. Nothing that its function throws, now or later, may go unheard, nor mean that the
 * request goes on.
 */
export const answerWith = (
  onError: OnError,
  error: ProblemError,
  request: Request,
  response: Response,
  next: NextFunction
): void => {
  const withdraw = offer(error, response)
  const fail = (thrown: unknown): void => {
    if (thrown !== error) withdraw()
    next(errorOf(thrown))
  }
  const handOn = (...given: ReadonlyArray<unknown>): void => {
    const [to] = given
    if (given.length > 0 && to !== "route" && to !== "router") {
      fail(to)
      return
    }
    withdraw()
    if (given.length === 0) next()
    else next(to as "route")
  }
  try {
    hearOut(onError(error, request, response, handOn), fail)
  } catch (thrown) {
    fail(thrown)
  }
}

/**
 * Gives the response the refusal's status, and its fields at the moment when the head is written, if the status is still
 * that of the refusal: any other answer is somebody else's. What was set in the meantime stays.
 *
 * @returns takes all of it back
 */
const offer = (error: ProblemError, response: Response): (() => void) => {
  const { statusCode, writeHead } = response
  const fields = Object.entries(error.headers).map(([name, value]) => ({
    name,
    value,
    before: response.getHeader(name)
  }))
  let offered = true
  response.statusCode = error.status
  response.writeHead = (...head: [never]) => {
    if (offered && head[0] === error.status) {
      for (const { before, name, value } of fields) {
        if (response.getHeader(name) === before) response.setHeader(name, value)
      }
    }
    offered = false
    return writeHead.apply(response, head)
  }
  return () => {
    if (offered && response.statusCode === error.status) response.statusCode = statusCode
    offered = false
  }
}
