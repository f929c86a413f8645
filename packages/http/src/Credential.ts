import type { AcceptedCredentials } from "./AcceptedCredentials.js"

/**
 * What a request presents.
 *
 * @since 0.1.0
 */
export type Credential =
  | { readonly _tag: "Presented"; readonly plaintext: string }
  | { readonly _tag: "Absent" }
  /** `reason` is a sentence for people; it repeats nothing of what was sent. */
  | { readonly _tag: "Malformed"; readonly reason: string }

const absent: Credential = { _tag: "Absent" }
const malformed = (reason: string): Credential => ({ _tag: "Malformed", reason })

/** No key is longer (`KeyToken`), so nothing beyond it is worth a look, however much was sent. */
const maxLength = 512

const bearer = "bearer"
const noKeyBehindBearer = malformed("The Authorization field names the scheme Bearer, but carries no key")
const malformedBearer = malformed("The Authorization field does not carry exactly one key")
const twoCredentials = malformed("The request carries two different API keys")

/**
 * Reads the credential of a request.
 *
 * @param rawHeaders names and values in turn, as they came: what Node makes of a repeated field hides that it was
 *   repeated (it keeps the first `Authorization`, and joins others with commas)
 * @since 0.1.0
 */
export const readCredential = (rawHeaders: ReadonlyArray<string>, accepted: AcceptedCredentials): Credential => {
  let plaintext: string | null = null
  let seen = 0
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const index = accepted.indexOf(rawHeaders[i] as string)
    if (index < 0) continue
    const bit = 1 << index
    if ((seen & bit) !== 0) return malformed(`The field ${accepted.fields[index]} is repeated`)
    seen |= bit
    const value = trimmed(rawHeaders[i + 1] as string)
    const found = accepted.bearer && index === 0 ? readBearer(value) : readKey(value, accepted.fields[index] as string)
    if (found._tag === "Malformed") return found
    if (found._tag === "Absent") continue
    if (plaintext !== null && plaintext !== found.plaintext) return twoCredentials
    plaintext = found.plaintext
  }
  return plaintext === null ? absent : { _tag: "Presented", plaintext }
}

/** RFC 6750, section 2.1: `"Bearer" 1*SP b64token`, with the scheme in any case (RFC 9110, section 11.1). */
const readBearer = (value: string): Credential => {
  if (!isBearer(value)) return absent
  let start = bearer.length
  while (value.charCodeAt(start) === space) start++
  if (start === value.length) return noKeyBehindBearer
  const plaintext = value.slice(start)
  return /[ \t,]/.test(plaintext.slice(0, maxLength + 1)) ? malformedBearer : { _tag: "Presented", plaintext }
}

/** Whether the value of an `Authorization` field is of the scheme Bearer. Any other scheme is somebody else's. */
export const isBearer = (value: string): boolean => {
  if (value.slice(0, bearer.length).toLowerCase() !== bearer) return false
  const next = value.charCodeAt(bearer.length)
  return Number.isNaN(next) || next === space || next === tab
}

/** A comma joins the values of fields that were repeated on the way here (RFC 9110, section 5.3); no key has one. */
const readKey = (value: string, field: string): Credential => {
  if (value === "") return absent
  if (value.slice(0, maxLength + 1).includes(",")) return malformed(`The field ${field} carries more than one key`)
  return { _tag: "Presented", plaintext: value }
}

const space = 0x20
const tab = 0x09
const isBlank = (code: number): boolean => code === space || code === tab

/** Without the white space of RFC 9110, section 5.6.3. `trim` would take more, such as the no-break space of Latin-1. */
const trimmed = (value: string): string => {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return start === 0 && end === value.length ? value : value.slice(start, end)
}
