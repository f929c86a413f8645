import type { Server } from "node:http"
import { leased, strict } from "../contenders/apikeys.js"

export type Framework = "fastify" | "express"

/** What stands before a route: nothing, a guard of this library in a mode, or a limit of the framework's own. */
export type Guard = "unguarded" | "guarded" | "guarded strictly" | "rate limit"

export const modeOf = { guarded: leased, "guarded strictly": strict } as const

/** How many connections there are, and keys: one each. */
export const connections = 64

/** What is to be served. */
export interface Order {
  readonly framework: Framework
  readonly guard: Guard
  /** Where keys are kept. */
  readonly file: string
  /** Of each key, where there are keys; else of each client's address. */
  readonly limit: number
}

/** A server that does not listen yet, and the keys that its clients have. */
export interface App {
  readonly server: Server
  readonly plaintexts: ReadonlyArray<string>
}

export const dayMillis = 86_400_000
export const answer = { hello: "world" }
