import type { HeaderFields } from "@apikeys/http"
import type { FastifyReply } from "fastify"

/** A response of Node, and what a guard knows of it. As members: a map of responses would cost more than the guard. */
interface Guarded {
  writeHead: (...head: ReadonlyArray<never>) => unknown
  [replyOf]?: FastifyReply
  [writeHeadOf]?: Guarded["writeHead"]
  [fieldsOf]?: HeaderFields
}

const replyOf = Symbol("@apikeys/fastify/reply")
const writeHeadOf = Symbol("@apikeys/fastify/writeHead")
const fieldsOf = Symbol("@apikeys/fastify/fields")

const cacheFields = ["cache-control", "vary"] as const

/**
 * Has what is written past a reply, to `reply.raw` or after `reply.hijack()`, carry the fields that a guard put on it: event
 * streams and proxies write so, and Fastify gives its fields to Node with what it sends itself alone.
 *
 * @param fields what the answer has besides those for caches
 */
export const guardRaw = (reply: FastifyReply, fields: HeaderFields): void => {
  const raw = reply.raw as unknown as Guarded
  if (fields.length > 0) raw[fieldsOf] = fields
  if (raw[replyOf] !== undefined) return
  raw[replyOf] = reply
  raw[writeHeadOf] = raw.writeHead
  raw.writeHead = writeHead
}

function writeHead(this: Guarded, ...head: ReadonlyArray<never>): unknown {
  const reply = this[replyOf] as FastifyReply
  const given: unknown = head.length > 0 ? head[head.length - 1] : undefined
  for (const name of cacheFields) complete(reply, name, given)
  for (const [name] of this[fieldsOf] ?? []) complete(reply, name.toLowerCase(), given)
  return this[writeHeadOf]?.(...head)
}

/** Sets a field of the reply where what is written lacks it. */
const complete = (reply: FastifyReply, name: string, given: unknown): void => {
  if (typeof given === "object" && given !== null) {
    // As Fastify gives them.
    if (Object.hasOwn(given, name)) return
    const names = Array.isArray(given) ? given.flat().filter((_, i) => i % 2 === 0) : Object.keys(given)
    if (names.some((known) => String(known).toLowerCase() === name)) return
  }
  if (reply.raw.hasHeader(name)) return
  const value = reply.getHeader(name)
  if (value !== undefined) reply.raw.setHeader(name, value)
}
