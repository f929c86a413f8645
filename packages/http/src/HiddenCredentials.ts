import type { AcceptedCredentials } from "./AcceptedCredentials.js"
import { isBearer } from "./Credential.js"

/**
 * What a guard reads of a request: Node's `IncomingMessage` has it.
 *
 * @since 0.1.0
 */
export interface RequestMessage {
  readonly method?: string | undefined
  readonly headers: Record<string, string | Array<string> | undefined>
  readonly headersDistinct?: Record<string, Array<string> | undefined>
  readonly rawHeaders: Array<string>
}

/** The headers as they came, of requests whose credentials were taken out: a later guard may take others. */
const originals = new WeakMap<object, ReadonlyArray<string>>()

/** The headers of a request as they came, whatever was taken out since. */
export const originalHeaders = (message: RequestMessage): ReadonlyArray<string> =>
  originals.get(message) ?? message.rawHeaders

/** Takes the credentials out of what runs later. `Authorization` of another scheme stays: it is somebody else's. */
export const hideCredentials = (message: RequestMessage, accepted: AcceptedCredentials): void => {
  const { rawHeaders } = message
  if (!originals.has(message)) originals.set(message, rawHeaders.slice())
  const kept: Array<string> = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    const index = accepted.indexOf(name)
    if (index < 0 || (accepted.bearer && index === 0 && !isBearer(value))) {
      kept.push(name, value)
      continue
    }
    delete message.headers[name.toLowerCase()]
    delete message.headersDistinct?.[name.toLowerCase()]
  }
  // In place: whoever holds the array already sees no more than others. After the loop: Node makes `headers` of it.
  rawHeaders.splice(0, rawHeaders.length, ...kept)
}
