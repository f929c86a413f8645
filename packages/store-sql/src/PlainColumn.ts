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

/** JSON that was checked where it came in, so only its kind is looked at. */
export const plainList = <A>(value: unknown): ReadonlyArray<A> | undefined => {
  const parsed = json(value)
  return Array.isArray(parsed) ? parsed : undefined
}

export const plainObject = (value: unknown): Metadata | undefined => {
  const parsed = json(value)
  return typeof parsed === "object" && parsed !== null ? (parsed as Metadata) : undefined
}
