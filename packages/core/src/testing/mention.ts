import { Encoding } from "effect"

const utf8 = new TextEncoder()

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The ways in which something may be written in a text, in lower case: as it is, in hexadecimal, in base64. */
const waysToWrite = (needle: string | Uint8Array): ReadonlyArray<string> => {
  const bytes = typeof needle === "string" ? utf8.encode(needle) : needle
  const ways = [Encoding.encodeHex(bytes), Encoding.encodeBase64(bytes), Encoding.encodeBase64Url(bytes)]
  if (typeof needle === "string") ways.push(needle, JSON.stringify(needle).slice(1, -1), encodeURIComponent(needle))
  else ways.push(String.fromCharCode(...needle), bytes.join(","))
  if (typeof needle === "string" && uuid.test(needle)) ways.push(needle.replaceAll("-", ""))
  return ways.map((way) => way.toLowerCase())
}

/**
 * Makes a test of texts: whether a secret, an id or some bytes stand in them, in whatever way they are written.
 * Case is no matter.
 */
export const mentionOf = (needle: string | Uint8Array): ((text: string) => boolean) => {
  if (needle.length === 0) throw new TypeError("Everything mentions nothing")
  const ways = waysToWrite(needle)
  return (text) => {
    const folded = text.toLowerCase()
    return ways.some((way) => folded.includes(way))
  }
}
