import type { HeaderFields } from "./HeaderFields.js"

/**
 * For an answer that contains a plaintext key: nothing on the way may keep it (RFC 9111, section 5.2.2.5).
 *
 * @example
 * ```ts
 * response.set(noStore).status(201).json(await client.createKey(input))
 * ```
 *
 * @since 0.1.0
 */
export const noStore: { readonly "Cache-Control": "no-store" } = Object.freeze({ "Cache-Control": "no-store" })

/** A value as frameworks hold it. */
type FieldValue = number | string | ReadonlyArray<string> | undefined

/**
 * What a guarded answer still lacks so that no shared cache gives it to somebody else. `private` because the key may
 * come in a field that caches know nothing of (RFC 9111, section 3.5, speaks of `Authorization` alone).
 *
 * @param get the value that a field of the response has so far
 * @param vary the fields in which keys are accepted
 * @since 0.1.0
 */
export const cacheFields = (get: (name: string) => FieldValue, vary: ReadonlyArray<string>): HeaderFields => {
  const fields: Array<readonly [string, string]> = []
  const before = textOf(get("Cache-Control"))
  const control = before === "" ? "private" : privateControl(before)
  if (control !== before) fields.push(["Cache-Control", control])
  const present = textOf(get("Vary"))
  const value = mergedVary(present, vary)
  if (value !== present) fields.push(["Vary", value])
  return fields
}

const textOf = (value: FieldValue): string =>
  value === undefined ? "" : typeof value === "object" ? value.join(", ") : String(value)

/** A directive of RFC 9111, section 5.2, whose argument may be quoted, and hold commas then. */
const directive = /([^\s,="]+)(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,"]*))?/g

/**
 * What came before may be stricter, but not laxer: without the directives that let shared caches keep the answer, and
 * with `private`. That with an argument is about single fields, and gives way to it.
 */
const privateControl = (before: string): string => {
  const directives = [...before.matchAll(directive)].map(([text, name = ""]) => ({ text, name: name.toLowerCase() }))
  const isStrict = directives.some(({ name, text }) => name === "no-store" || text.toLowerCase() === "private")
  const kept = directives.filter(
    ({ name, text }) => name !== "public" && name !== "s-maxage" && (name !== "private" || text.length === name.length)
  )
  if (isStrict && kept.length === directives.length) return before
  return [...kept.map(({ text }) => text), ...(isStrict ? [] : ["private"])].join(", ")
}

const mergedVary = (present: string, names: ReadonlyArray<string>): string => {
  if (present === "") return names.join(", ")
  const known = present.split(",").map((name) => name.trim().toLowerCase())
  if (known.includes("*")) return present
  return [present, ...names.filter((name) => !known.includes(name.toLowerCase()))].join(", ")
}
