import { absent, type Credential, oneOf, readCredential } from "./Credential.js"
import { isCredentialError } from "./CredentialErrors.js"
import type { CredentialReader } from "./CredentialReader.js"
import type { GuardSettings } from "./GuardSettings.js"
import { hideFields, originalOf } from "./HiddenCredentials.js"
import type { RequestMessage } from "./RequestMessage.js"
import { notGiven } from "./RequestRules.js"

/** What `credentials.read` found in requests out of which the key was taken. */
const found = new WeakMap<object, Map<CredentialReader<never>, Credential>>()

/** What a request presents to a guard, in its fields and elsewhere; taken out of the request where that is asked for. */
export const takeCredential = <Request>(
  settings: GuardSettings<Request>,
  request: Request,
  message: RequestMessage
): Credential => {
  const { credentials, hideCredentials, read } = settings
  const { headers, rawHeaders } = originalOf(message)
  const ofFields = readCredential(rawHeaders ?? [], credentials, headers)
  const elsewhere = read === null ? absent : (found.get(message)?.get(read) ?? readOther(read, request))
  if (hideCredentials) {
    hide(settings, request, message)
    // A later guard with the same reader finds nothing more.
    if (read !== null) found.set(message, (found.get(message) ?? new Map()).set(read, elsewhere))
  }
  return oneOf(ofFields, elsewhere)
}

/** Takes what a guard accepts out of a request. */
export const hide = <Request>(
  { credentials, read }: GuardSettings<Request>,
  request: Request,
  message: RequestMessage
): void => {
  hideFields(message, credentials)
  read?.hide?.(request)
}

const readOther = <Request>(read: CredentialReader<Request>, request: Request): Credential => {
  try {
    const plaintext: unknown = read(request)
    if (plaintext === null || plaintext === undefined || plaintext === "") return absent
    if (typeof plaintext === "string") return { _tag: "Presented", plaintext }
    throw notGiven("credentials.read", "is not a string or null", plaintext)
  } catch (thrown) {
    if (isCredentialError(thrown) && thrown._tag === "MalformedCredentialError") {
      return { _tag: "Malformed", reason: thrown.reason }
    }
    throw thrown
  }
}
