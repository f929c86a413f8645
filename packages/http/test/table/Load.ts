import { once } from "node:events"
import { request } from "node:http"
import { connect } from "node:net"

/** How many answers there were of each status. */
export type Tally = Readonly<Record<number, number>>

const tally = (statuses: ReadonlyArray<number>): Tally => {
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** Sends requests over one connection without waiting for answers (RFC 9112, section 9.3.2), so that the server has them all at once. */
const pipeline = async (port: number, fields: string, requests: number): Promise<ReadonlyArray<number>> => {
  const socket = connect(port, "127.0.0.1")
  let text = ""
  socket.setEncoding("latin1").on("data", (chunk) => {
    text += chunk
  })
  const head = `GET / HTTP/1.1\r\nHost: localhost\r\n${fields}`
  for (let i = 1; i < requests; i++) socket.write(`${head}\r\n`)
  socket.write(`${head}Connection: close\r\n\r\n`)
  await once(socket, "close")
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

/** Sends a number of requests over each of a number of connections. */
export const flood = async (
  port: number,
  key: string,
  { connections, requests }: { readonly connections: number; readonly requests: number }
): Promise<Tally> => {
  const fields = `X-API-Key: ${key}\r\n`
  return tally((await Promise.all(Array.from({ length: connections }, () => pipeline(port, fields, requests)))).flat())
}

/** One request over a connection of its own; its status, or 0 where it was not answered to the end. */
const statusOf = (port: number, key: string): Promise<number> =>
  new Promise((resolve) => {
    const sent = request({ port, host: "127.0.0.1", agent: false, headers: { "X-API-Key": key } }, (response) => {
      response.resume()
      response.on("end", () => resolve(response.complete ? (response.statusCode ?? 0) : 0))
      response.on("error", () => resolve(0))
    })
    sent.on("error", () => resolve(0))
    sent.end()
  })

/** Sends requests, one after the other by each worker, until one is no longer answered. */
export const floodUntilClosed = async (port: number, key: string, workers: number): Promise<Tally> => {
  const work = async (): Promise<ReadonlyArray<number>> => {
    const statuses: Array<number> = []
    do statuses.push(await statusOf(port, key))
    while (statuses.at(-1) !== 0)
    return statuses
  }
  return tally((await Promise.all(Array.from({ length: workers }, work))).flat())
}
