import type { AnyOptions, App } from "./App.js"
import type { RawAnswer, RawRequest } from "./RawHttp.js"
import type { World } from "./World.js"

/** What is expected of an answer. */
export interface Expected {
  readonly status: number
  /** Whole values of fields; `null` for one that must not be there. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** The whole body, as JSON; `""` for none. Not looked at where it is left out. */
  readonly body?: unknown
}

/** One exchange. */
export interface Step extends RawRequest {
  readonly expected: Expected
}

/** What a case is made of, in a world: an application, and the requests that it answers one after the other. */
export interface Scene extends Omit<Partial<App>, "guards"> {
  /** Without a client: that of the world. Default: one guard without options. */
  readonly guards?: ReadonlyArray<Partial<AnyOptions>>
  readonly steps: ReadonlyArray<Step>
  /** Looks at what no answer tells. */
  readonly afterwards?: (answers: ReadonlyArray<RawAnswer>) => Promise<void> | void
}

/** A row of the table. */
export interface Case {
  readonly name: string
  readonly scene: (world: World) => Promise<Scene> | Scene
}

/** `X-API-Key` with a key. */
export const apiKey = (plaintext: string): readonly [string, string] => ["X-API-Key", plaintext]

/** `Authorization: Bearer` with a key. */
export const bearer = (plaintext: string): readonly [string, string] => ["Authorization", `Bearer ${plaintext}`]

/** A problem without a type of its own. */
export const problem = (
  status: keyof typeof titles,
  code: string,
  detail: string,
  data: Readonly<Record<string, unknown>> = {}
) => ({ type: "about:blank", title: titles[status], status, detail, code, ...data })

const titles = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  422: "Unprocessable Content",
  503: "Service Unavailable"
} as const

/** What every refusal carries. */
export const refusal = {
  "content-type": "application/problem+json",
  "cache-control": "no-store",
  vary: "Authorization, X-API-Key"
} as const

/** What a stranger never sees. */
export const noRateLimits = {
  ratelimit: null,
  "ratelimit-policy": null,
  "x-ratelimit-limit": null,
  "x-ratelimit-remaining": null,
  "x-ratelimit-reset": null
} as const
