import { Input, InvalidInputError, Scope } from "@apikeys/core"
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
  /** Where there are texts now, since the numbers would have become others. */
  readonly madeTexts: ReadonlyArray<string>
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

/** The paths of the numbers that this language cannot hold; what is left behind does not count. */
const inexactNumbers = (json: string): ReadonlyArray<string> => {
  try {
    Input.parseJson(json)
    return []
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return error.issues.map(({ path }) => path).filter((path) => members.has(path.split(".", 1)[0] ?? ""))
  }
}

/** What the JSON says; a text where it is not what the old library wrote, which tells why. */
export const readMetadata = (json: string | null, largeNumbers: "refuse" | "text"): OldMetadata | string => {
  let value: unknown
  let madeTexts: ReadonlyArray<string>
  try {
    madeTexts = inexactNumbers(json ?? "null")
    value = Input.parseJson(json ?? "null", { inexactNumbers: "text" }) ?? {}
  } catch {
    return "its metadata is not JSON"
  }
  if (!isObject(value)) return "its metadata is not an object"
  if (madeTexts.length > 0 && largeNumbers === "refuse") {
    return `numbers above 2^53, which would change: ${madeTexts.join(", ")}, see --large-numbers`
  }
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
    madeTexts,
    others: Object.keys(value).filter((member) => !members.has(member))
  }
}

export const isScope = Schema.is(Scope)
