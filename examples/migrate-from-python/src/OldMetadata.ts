import { Scope } from "@apikeys/core"
import { Schema } from "effect"

/** The limit of a key: an object since 0.2, an integer per minute before. */
export interface OldLimit {
  readonly requests: number
  readonly window: OldWindow
  readonly of01: boolean
}

const windows = ["second", "minute", "hour", "day", "month"] as const

export type OldWindow = (typeof windows)[number] | number

/** What the old library kept in one column of JSON. */
export interface OldMetadata {
  readonly name: string | null
  readonly scopes: ReadonlyArray<string>
  readonly limit: OldLimit | null
  readonly expiresAt: string | null
  readonly custom: unknown
  /** Members that the old library did not write. */
  readonly others: ReadonlyArray<string>
}

const members = new Set(["name", "scopes", "rate_limit", "expires_at", "custom"])

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const windowOf = (value: unknown): OldWindow | null =>
  typeof value === "number" ? value : (windows.find((window) => window === value) ?? null)

/** `undefined` for anything that neither version wrote. */
const limitOf = (value: unknown): OldLimit | null | undefined => {
  if (value === null || value === undefined) return null
  if (typeof value === "number") return { requests: value, window: "minute", of01: true }
  if (!isObject(value) || typeof value["requests"] !== "number") return undefined
  const window = windowOf(value["window"])
  return window === null ? undefined : { requests: value["requests"], window, of01: false }
}

const textOrNull = (value: unknown): value is string | null | undefined =>
  value === null || value === undefined || typeof value === "string"

/** What the JSON says; a text where it is not what the old library wrote, which tells why. */
export const readMetadata = (json: string | null): OldMetadata | string => {
  let value: unknown
  try {
    value = json === null ? {} : (JSON.parse(json) ?? {})
  } catch {
    return "its metadata is not JSON"
  }
  if (!isObject(value)) return "its metadata is not an object"
  const { custom = null, expires_at, name, rate_limit, scopes = null } = value
  if (!textOrNull(name)) return "its name is not a text"
  if (!textOrNull(expires_at)) return "its expiry is not a text"
  const list: unknown = scopes ?? []
  if (!Array.isArray(list) || !list.every((scope) => typeof scope === "string")) return "its scopes are not texts"
  const limit = limitOf(rate_limit)
  if (limit === undefined) return "its rate limit is not one that the old library wrote"
  return {
    // Names of blanks said nothing there, and are none here.
    name: name === null || name === undefined || name.trim() === "" ? null : name,
    scopes: list,
    limit,
    expiresAt: expires_at ?? null,
    custom: custom ?? {},
    others: Object.keys(value).filter((member) => !members.has(member))
  }
}

export const isScope = Schema.is(Scope)
