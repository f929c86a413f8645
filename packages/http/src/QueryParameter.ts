import { type AnyRequest, messageOf } from "./RequestMessage.js"

/** The values of a parameter of a URL. */
export const parametersOf = (url: string | undefined, name: string): ReadonlyArray<string> => {
  const start = url?.indexOf("?") ?? -1
  return url === undefined || start < 0 ? [] : new URLSearchParams(url.slice(start + 1)).getAll(name)
}

const mask = "***"

/** A URL with all values of a parameter masked, and nothing else changed. */
const masked = (url: string, name: string): string => {
  const start = url.indexOf("?")
  if (start < 0) return url
  const parts = url
    .slice(start + 1)
    .split("&")
    .map((part) => (new URLSearchParams(part).has(name) ? `${part.split("=", 1)[0]}=${mask}` : part))
  return url.slice(0, start + 1) + parts.join("&")
}

/**
 * Masks a parameter in the URLs of a request, and in the query that a framework has parsed already. Express 5 and Node
 * parse the URL when they are asked for its query.
 */
export const hideParameter = (request: AnyRequest, name: string): void => {
  const message = messageOf(request) as {
    url?: unknown
    originalUrl?: unknown
    _parsedUrl?: unknown
    _parsedOriginalUrl?: unknown
  }
  if (typeof message.url === "string") message.url = masked(message.url, name)
  if (typeof message.originalUrl === "string") message.originalUrl = masked(message.originalUrl, name)
  // What Express keeps of the URLs that it has parsed.
  delete message._parsedUrl
  delete message._parsedOriginalUrl
  const { query } = request as { readonly query?: unknown }
  if (typeof query === "object" && query !== null && Object.hasOwn(query, name)) {
    ;(query as Record<string, unknown>)[name] = mask
  }
}
