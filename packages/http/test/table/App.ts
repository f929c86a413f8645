import type { IncomingHttpHeaders, ServerResponse } from "node:http"
import type { KeyData } from "@apikeys/core"
import type { GuardOptions } from "@apikeys/http"

/** What the requests of all frameworks have in common. */
export interface AnyRequest {
  readonly headers: IncomingHttpHeaders
  url: string
}

/** With a function for `onError` that every framework can call: it throws, or rejects. */
export interface AnyOptions extends GuardOptions<AnyRequest> {
  readonly onError?: () => never | Promise<never>
}

/** What a handler sees. */
export interface Exchange {
  readonly apiKey: KeyData | null | undefined
  readonly headers: IncomingHttpHeaders
  readonly headersDistinct: NodeJS.Dict<Array<string>>
  readonly rawHeaders: ReadonlyArray<string>
  /** All that the framework tells of the request's URL. */
  readonly urls: ReadonlyArray<unknown>
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** An application that every framework can be. */
export interface App {
  /** All of them guard the one route. */
  readonly guards: ReadonlyArray<AnyOptions>
  /** Fields that something sets before the guards run. */
  readonly before?: Readonly<Record<string, string>>
  /** What something does to the request's headers before the guards run. */
  readonly move?: (headers: IncomingHttpHeaders) => void
  readonly handler?: (exchange: Exchange) => Reply | Promise<Reply>
  /** Writes an answer past the framework, instead of the handler. */
  readonly writes?: (response: ServerResponse) => void
  readonly maxHeaderSize?: number
  readonly trustProxy?: boolean
  /** Listens on a Unix socket: clients have no address there. */
  readonly socketPath?: string
}

export interface Served {
  readonly port: number
  /** Stops listening, and waits until what was accepted is answered. */
  readonly close: () => Promise<void>
}

/** How a framework becomes an application that listens on a port of its own. */
export type Serve = (app: App) => Promise<Served>

/** Tells which key was admitted, and as which use. */
export const echo = ({ apiKey }: Exchange): Reply => ({
  body: apiKey == null ? { key: null } : { key: apiKey.id, useCount: apiKey.useCount }
})
