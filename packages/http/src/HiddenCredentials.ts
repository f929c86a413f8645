import type { AcceptedCredentials } from "./AcceptedCredentials.js"
import { isBearer } from "./Credential.js"
import type { RequestMessage } from "./RequestMessage.js"

/** A request as it came. */
type Original = Pick<RequestMessage, "rawHeaders" | "headers" | "url">

/** Of requests whose credentials were taken out: a later guard may take others. */
const originals = new WeakMap<object, Original>()

/** A request as it came, whatever was taken out since. */
export const originalOf = (message: RequestMessage): Original => originals.get(message) ?? message

/** Remembers a request as it came, before anything is taken out of it. */
const keepOriginal = (message: RequestMessage): void => {
  if (originals.has(message)) return
  const { headers, rawHeaders, url } = message
  originals.set(message, { headers: { ...headers }, url, ...(rawHeaders && { rawHeaders: rawHeaders.slice() }) })
}

/** Takes the credentials out of what runs later. `Authorization` of another scheme stays: it is somebody else's. */
export const hideFields = (message: RequestMessage, { bearer, names }: AcceptedCredentials): void => {
  keepOriginal(message)
  for (const [i, name] of names.entries()) hideField(message, name, bearer && i === 0 ? isBearer : () => true)
}

/**
 * Takes a field out of a request.
 *
 * @param name in lower case
 * @param isHidden by its value
 */
export const hideField = (message: RequestMessage, name: string, isHidden: (value: string) => boolean): void => {
  const { headers, headersDistinct, rawHeaders = [] } = message
  // Before `rawHeaders`, of which Node makes the others when they are asked for.
  for (const fields of [headers, headersDistinct ?? {}]) {
    // Who fills `headers` alone may write names in any case.
    const names = rawHeaders.length > 0 ? [name] : Object.keys(fields).filter((known) => known.toLowerCase() === name)
    for (const known of names) if ([fields[known] ?? []].flat().some(isHidden)) delete fields[known]
  }
  // In place: whoever holds the array already sees no more than others.
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    if (rawHeaders[i]?.toLowerCase() === name && isHidden(rawHeaders[i + 1] ?? "")) rawHeaders.splice(i, 2)
  }
}
