import type { HeaderFields } from "@apikeys/http"
import type { FastifyReply } from "fastify"

type Head = readonly [status: number, reason?: unknown, headers?: unknown]

/** A response of Node, and what a guard knows of it. As members: a map of responses would cost more than the guard. */
interface Guarded {
  writeHead: (...head: Head) => unknown
  [guardedBy]?: Past
}

interface Past {
  readonly reply: FastifyReply
  readonly writeHead: Guarded["writeHead"]
  /** What the answer may have besides the fields for caches. */
  fields: HeaderFields
}

const guardedBy = Symbol("@apikeys/fastify/guardedBy")

/**
 * Has what is written past a reply, to `reply.raw` or after `reply.hijack()`, carry the fields that a guard put on it: event
 * streams and proxies write so, and Fastify gives its fields to Node with what it sends itself alone.
 */
export const guardRaw = (reply: FastifyReply, fields: HeaderFields): void => {
  const raw = reply.raw as unknown as Guarded
  const past = raw[guardedBy]
  if (past !== undefined) {
    if (fields.length > 0) past.fields = [...past.fields, ...fields]
    return
  }
  raw[guardedBy] = { reply, writeHead: raw.writeHead, fields }
  raw.writeHead = writeHead
}

function writeHead(this: Guarded, ...head: Head): unknown {
  const { fields, reply, writeHead } = this[guardedBy] as Past
  const given = (head.length > 2 ? head[2] : head[1]) as Readonly<Record<string, unknown>> | undefined
  complete(reply, "cache-control", given)
  complete(reply, "vary", given)
  for (let i = 0; i < fields.length; i++) complete(reply, inLowerCase(fields[i]?.[0] as string), given)
  return writeHead.apply(this, head as [number])
}

/** There are few names. */
const names = new Map<string, string>()
const inLowerCase = (name: string): string => {
  const known = names.get(name)
  if (known !== undefined) return known
  names.set(name, name.toLowerCase())
  return name.toLowerCase()
}

/** Sets a field of the reply where what is written lacks it. */
const complete = (reply: FastifyReply, name: string, given: Readonly<Record<string, unknown>> | undefined): void => {
  // As Fastify gives its own.
  if (given?.[name] !== undefined) return
  if (typeof given === "object" && given !== null) {
    const written = Array.isArray(given) ? given.flat().filter((_, i) => i % 2 === 0) : Object.keys(given)
    if (written.some((known) => String(known).toLowerCase() === name)) return
  }
  if (reply.raw.hasHeader(name)) return
  const value = reply.getHeader(name)
  if (value !== undefined) reply.raw.setHeader(name, value)
}
