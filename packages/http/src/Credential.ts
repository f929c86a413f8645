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

export const absent: Credential = { _tag: "Absent" }
const malformed = (reason: string) => ({ _tag: "Malformed", reason }) as const

/** No key is longer (`KeyToken`), so nothing beyond it is worth a look, however much was sent. */
const maxLength = 512

const noKeyBehind = (scheme: string) =>
  malformed(`The Authorization field names the scheme ${scheme}, but carries no key`)
const noKeyBehindBearer = noKeyBehind("Bearer")
const notOneKey = malformed("The Authorization field does not carry exactly one key")
const twoCredentials = malformed("The request carries two different API keys")

/** The fields of a request, of which a host without sockets, or a mock, may fill `headers` alone. */
type RawHeaders = ReadonlyArray<string>
type Headers = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/**
 * Reads the credential of a request.
 *
 * @param rawHeaders names and values in turn, as they came: what Node makes of a repeated field hides that it was
 *   repeated (it keeps the first `Authorization`, and joins others with commas)
 * @param headers by name in lower case: read for fields that are not among the raw ones. What runs before a guard may have
 *   put a key there
 * @since 0.1.0
 */
export const readCredential = (
  rawHeaders: RawHeaders,
  accepted: AcceptedCredentials,
  headers: Headers = {}
): Credential => {
  const raw = rawHeaders.length > 0 ? rawHeaders : rawOf(headers)
  let credential: Credential = absent
  let seen = 0
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const index = accepted.indexOf(raw[i] as string)
    if (index < 0) continue
    const bit = 1 << index
    if ((seen & bit) !== 0) return repeated(accepted.fields[index] as string)
    seen |= bit
    credential = oneOf(credential, readField(raw[i + 1] as string, accepted, index))
    if (credential._tag === "Malformed") return credential
  }
  for (let index = 0; index < accepted.names.length; index++) {
    if ((seen & (1 << index)) !== 0) continue
    const value = headers[accepted.names[index] as string]
    if (typeof value === "string") credential = oneOf(credential, readField(value, accepted, index))
    else if (Array.isArray(value) && value.length > 1) return repeated(accepted.fields[index] as string)
    else if (Array.isArray(value) && value.length === 1)
      credential = oneOf(credential, readField(value[0], accepted, index))
    if (credential._tag === "Malformed") return credential
  }
  return credential
}

/** As they would have come: a host may write names in any case, and the values of a repeated field as a list. */
const rawOf = (headers: Headers): RawHeaders =>
  Object.entries(headers).flatMap(([name, values]) =>
    [values ?? []].flat().flatMap((value) => (typeof value === "string" ? [name, value] : []))
  )

/** What two sources present together: the same key may come twice. */
export const oneOf = (one: Credential, other: Credential): Credential => {
  if (one._tag === "Absent" || other._tag === "Malformed") return other
  if (other._tag === "Absent" || one._tag === "Malformed") return one
  return one.plaintext === other.plaintext ? one : twoCredentials
}

export const repeated = (field: string): Credential & { readonly _tag: "Malformed" } =>
  malformed(`The field ${field} is repeated`)

const readField = (value: string, accepted: AcceptedCredentials, index: number): Credential =>
  accepted.bearer && index === 0
    ? readScheme(trimmed(value), "Bearer", "bearer")
    : readKey(trimmed(value), accepted.fields[index] as string)

/** By hand: a regular expression would remember the key in `RegExp.input`. */
const holdsSeparator = (text: string): boolean => text.includes(" ") || text.includes("\t") || text.includes(",")

/** RFC 6750, section 2.1: `"Bearer" 1*SP b64token`, with the scheme in any case (RFC 9110, section 11.1). */
export const readScheme = (value: string, scheme: string, inLowerCase: string): Credential => {
  if (!isOfScheme(value, inLowerCase)) return absent
  let start = scheme.length
  while (value.charCodeAt(start) === space) start++
  if (start === value.length) return scheme === "Bearer" ? noKeyBehindBearer : noKeyBehind(scheme)
  const plaintext = value.slice(start)
  return holdsSeparator(plaintext.slice(0, maxLength + 1)) ? notOneKey : { _tag: "Presented", plaintext }
}

/** Whether the value of an `Authorization` field is of a scheme. Any other one is somebody else's. */
export const isOfScheme = (value: string, inLowerCase: string): boolean => {
  if (value.slice(0, inLowerCase.length).toLowerCase() !== inLowerCase) return false
  const next = value.charCodeAt(inLowerCase.length)
  return Number.isNaN(next) || next === space || next === tab
}

export const isBearer = (value: string): boolean => isOfScheme(value, "bearer")

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
export const trimmed = (value: string): string => {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return start === 0 && end === value.length ? value : value.slice(start, end)
}
