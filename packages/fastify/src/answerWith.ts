import { errorOf, hearOut, type ProblemError } from "@apikeys/http"
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from "fastify"
import { guardRaw } from "./PastReply.js"
import type { OnError } from "./PluginOptions.js"

/**
 * Lets an application answer a refusal. Nothing that its function throws, now or later, may go unheard, nor mean that the
 * request goes on.
 */
export const answerWith = (
  onError: OnError,
  error: ProblemError,
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction
): void => {
  guardRaw(reply, Object.entries(error.headers))
  const withdraw = offer(error, reply)
  const fail = (thrown: unknown): void => {
    withdraw()
    done(errorOf(thrown))
  }
  try {
    const given = onError(error, request, reply)
    // A reply is a promise of its own end, which is no news.
    if (given !== reply) hearOut(given, fail)
  } catch (thrown) {
    fail(thrown)
  }
}

/**
 * Gives the reply the refusal's status, and its fields when it is sent, or written past, if the status is still that of the
 * refusal: any other answer is somebody else's. What was set in the meantime stays.
 *
 * @returns takes all of it back
 */
const offer = (error: ProblemError, reply: FastifyReply): (() => void) => {
  const { raw, send } = reply
  const { statusCode, writeHead } = raw
  const fields = Object.entries(error.headers).map(([name, value]) => ({ name, value, before: reply.getHeader(name) }))
  let offered = true
  const give = (status: number): void => {
    if (!offered) return
    offered = false
    reply.send = send
    if (status !== error.status) return
    for (const { before, name, value } of fields) if (reply.getHeader(name) === before) reply.header(name, value)
  }
  // Not by `code`, which cannot be taken back: what is sent later would no longer get a status by itself.
  raw.statusCode = error.status
  reply.send = (payload) => {
    give(raw.statusCode)
    return reply.send(payload)
  }
  raw.writeHead = (...head: [never]) => {
    give(head[0])
    return writeHead.apply(raw, head)
  }
  return () => {
    if (!offered) return
    offered = false
    reply.send = send
    if (raw.statusCode === error.status) raw.statusCode = statusCode
  }
}
