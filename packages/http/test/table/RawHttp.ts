import { once } from "node:events"
import { connect } from "node:net"

/** One request, as it goes over the wire. */
export interface RawRequest {
  readonly method?: string
  readonly path?: string
  /** In this order and spelling; characters are bytes (Latin-1). */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
  /** What comes behind the head. */
  readonly tail?: string
}

/** One answer, as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  /** In this order, repeated ones included; names in lower case. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

const requestText = ({ headers = [], method = "GET", path = "/", tail = "" }: RawRequest): string =>
  [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: close",
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "",
    tail
  ].join("\r\n")

/**
 * Sends what no well-behaved client would send.
 *
 * @param to a port of this machine, or the path of a Unix socket
 */
export const send = async (to: number | string, request: RawRequest): Promise<RawAnswer> => {
  const socket = typeof to === "string" ? connect(to) : connect(to, "127.0.0.1")
  const chunks: Array<Buffer> = []
  socket.on("data", (chunk) => chunks.push(chunk))
  // A server that refuses early closes while we write; its answer is what counts.
  socket.on("error", () => undefined)
  await once(socket, "connect")
  socket.write(Buffer.from(requestText(request), "latin1"))
  await once(socket, "close")
  return parse(Buffer.concat(chunks))
}

const parse = (bytes: Buffer): RawAnswer => {
  const text = bytes.toString("latin1")
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) throw new Error(`No answer: ${JSON.stringify(text.slice(0, 200))}`)
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n")
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(":")
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const chunked = headers.some(([name, value]) => name === "transfer-encoding" && value === "chunked")
  const rest = text.slice(end + 4)
  const body = Buffer.from(chunked ? dechunk(rest) : rest, "latin1").toString("utf8")
  return { status: Number(statusLine.split(" ")[1]), headers, body }
}

const dechunk = (text: string): string => {
  const lineEnd = text.indexOf("\r\n")
  const size = Number.parseInt(text.slice(0, lineEnd), 16)
  if (!(size > 0)) return ""
  const start = lineEnd + 2
  return text.slice(start, start + size) + dechunk(text.slice(start + size + 2))
}
