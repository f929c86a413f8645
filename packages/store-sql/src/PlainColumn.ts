import type { Instant, Metadata } from "@apikeys/core"
import { DateTime } from "effect"

/**
 * Decodes by hand what comes in the form that drivers give by default, and leaves any other to the schema of the column:
 * a verification that asks the store decodes a dozen columns, and by schemas that takes longer than its query.
 *
 * @param plain gives `undefined` for what is not of that form
 */
export const quickly =
  <A>(decode: (value: unknown) => A, plain: (value: unknown) => A | undefined): ((value: unknown) => A) =>
  (value) =>
    plain(value) ?? decode(value)

export const plainNumber = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined)

export const plainInstant = (value: unknown): Instant | undefined => {
  if (typeof value === "number") return DateTime.unsafeMake(value)
  return value instanceof Date ? DateTime.unsafeMake(value.getTime()) : undefined
}

/** The driver's buffer may be a part of a larger one. */
export const plainBytes = (value: unknown): Uint8Array | undefined =>
  value instanceof Uint8Array ? new Uint8Array(value) : undefined

const json = (value: unknown): unknown => (typeof value === "string" ? JSON.parse(value) : value)

/** As many lists as are remembered, and how long a text of one may be. */
const maxLists = 1000
const maxLength = 256

const freeze = (list: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  for (const item of list) if (typeof item === "object" && item !== null) Object.freeze(item)
  return Object.freeze(list)
}

/**
 * Lists in JSON that were checked where they came in, so only their kind is looked at. Many keys have the same scopes and
 * limits, so that those are read once, and nobody can change them.
 */
export const plainLists = <A>(): ((value: unknown) => ReadonlyArray<A> | undefined) => {
  const known = new Map<string, ReadonlyArray<A>>()
  return (value) => {
    const before = typeof value === "string" ? known.get(value) : undefined
    if (before !== undefined) return before
    const parsed = json(value)
    if (!Array.isArray(parsed)) return undefined
    const list = freeze(parsed) as ReadonlyArray<A>
    if (typeof value === "string" && value.length <= maxLength) {
      if (known.size >= maxLists) known.clear()
      known.set(value, list)
    }
    return list
  }
}

export const plainObject = (value: unknown): Metadata | undefined => {
  const parsed = json(value)
  return typeof parsed === "object" && parsed !== null ? (parsed as Metadata) : undefined
}
