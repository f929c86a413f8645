import { InvalidInputError } from "@apikeys/core"
import { isOfScheme, readScheme, repeated, trimmed } from "./Credential.js"
import { MalformedCredentialError } from "./CredentialErrors.js"
import type { CredentialReader } from "./CredentialReader.js"
import { hideField, originalOf } from "./HiddenCredentials.js"
import { hideParameter, parametersOf } from "./QueryParameter.js"
import { type AnyRequest, messageOf, type RequestMessage } from "./RequestMessage.js"
import { isToken } from "./Token.js"

const malformed = (reason: string) => new MalformedCredentialError({ reason })

/** The value of `Authorization`, without what is hidden by now; `""` where there is none. */
const authorizationOf = (message: RequestMessage): string => {
  const { headers, rawHeaders = [] } = originalOf(message)
  const values = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === "authorization")
  if (values.length > 1) throw malformed(repeated("Authorization").reason)
  const [value = headers["authorization"]] = values
  return typeof value === "string" ? trimmed(value) : ""
}

const ofAuthorization = (
  name: string,
  read: (value: string) => string | null,
  scheme = name.toLowerCase()
): CredentialReader<AnyRequest> =>
  Object.freeze(
    Object.assign((request: AnyRequest) => read(authorizationOf(messageOf(request))), {
      fields: ["Authorization"],
      hide: (request: AnyRequest) =>
        hideField(messageOf(request), "authorization", (value) => isOfScheme(trimmed(value), scheme)),
      securityScheme: [scheme, { type: "http", scheme, description: "An API key" }] as const
    })
  )

/**
 * Reads `Authorization: <name> <key>`, of a scheme other than `Bearer`: `Token`, `ApiKey` and the like, in any case.
 *
 * @throws InvalidInputError where the name is not that of an authentication scheme
 * @since 0.1.0
 */
export const scheme = (name: string): CredentialReader<AnyRequest> => {
  if (!isToken(name)) throw new InvalidInputError({ issues: [{ path: "scheme", rule: "is not a token" }] })
  const inLowerCase = name.toLowerCase()
  return ofAuthorization(name, (value) => {
    const found = readScheme(value, name, inLowerCase)
    if (found._tag === "Malformed") throw malformed(found.reason)
    return found._tag === "Presented" ? found.plaintext : null
  })
}

/**
 * Reads the user name of `Authorization: Basic` (RFC 7617), as of `curl --user "<key>:"`. The password is not looked at.
 *
 * @since 0.1.0
 */
export const basicUser: CredentialReader<AnyRequest> = ofAuthorization("Basic", (value) => {
  const found = readScheme(value, "Basic", "basic")
  if (found._tag === "Absent") return null
  const text = found._tag === "Presented" ? decodeBase64(found.plaintext) : null
  const colon = text?.indexOf(":") ?? -1
  if (text === null || colon < 0)
    throw malformed("The Authorization field does not carry a user name of the scheme Basic")
  return text.slice(0, colon)
})

const base64 = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

/** By hand: a regular expression would remember the key in `RegExp.input`. */
const decodeBase64 = (text: string): string | null => {
  let end = text.length
  while (end > text.length - 2 && text.charAt(end - 1) === "=") end--
  for (let i = 0; i < end; i++) if (!base64.has(text.charAt(i))) return null
  return end > 0 ? Buffer.from(text, "base64").toString("utf8") : null
}

/**
 * Reads a parameter of the query: for `EventSource` and the WebSockets of browsers, which can set no field. URLs are
 * logged by servers and proxies, and kept in histories; prefer keys that are good for little, and not for long.
 *
 * With `hideCredentials`, what runs later sees `***` in its place. What logs requests before the guard runs does not.
 *
 * @throws InvalidInputError where the name is empty
 * @since 0.1.0
 */
export const query = (name: string): CredentialReader<AnyRequest> => {
  if (typeof name !== "string" || name === "") {
    throw new InvalidInputError({ issues: [{ path: "query", rule: "is not the name of a parameter" }] })
  }
  const read = (request: AnyRequest) => {
    const values = parametersOf(originalOf(messageOf(request)).url, name)
    if (values.length > 1) throw malformed(`The parameter ${name} is repeated`)
    return values[0] ?? null
  }
  return Object.freeze(
    Object.assign(read, {
      hide: (request: AnyRequest) => hideParameter(request, name),
      securityScheme: [name, { type: "apiKey", in: "query", name, description: "An API key" }] as const
    })
  )
}
