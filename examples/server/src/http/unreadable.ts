import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { problemBody, problemFields } from "./problems.js"

/** What Node's parser refuses before there is a request that a route could answer. */
const statuses: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

const details: Readonly<Record<number, string>> = {
  400: "The request is not HTTP",
  408: "The request did not arrive in time",
  417: "No such expectation can be met",
  431: "The request line and the header fields are too large"
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** The requests that are under way on each connection. */
const exchanges = new WeakMap<Duplex, Set<Exchange>>()

/** Whether an answer on the connection would be taken for that of an earlier request, or come in the midst of it. */
const isBusy = (socket: Duplex): boolean =>
  [...(exchanges.get(socket) ?? [])].some(({ request, response }) => request.complete || response.headersSent)

const whole = (status: number): string => {
  const body = problemBody(status, "invalid_request", details[status] ?? "")
  const fields = { ...problemFields, "Content-Length": String(body.length), Connection: "close" }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${JSON.parse(body.toString()).title}\r\n${lines.join("")}\r\n${body}`
}

/** Answers what Node's parser refuses with a problem, as everything else. */
export const answerUnreadable = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === "ECONNRESET" || !socket.writable || isBusy(socket)) {
    socket.destroy()
    return
  }
  socket.end(whole(statuses[error.code ?? ""] ?? 400))
  // What comes still is read for a moment and dropped: a reset would take the answer away from the caller.
  socket.resume()
  setTimeout(() => socket.destroy(), 1000).unref()
}

/** Notes which requests are under way, and answers what Node itself would answer without a problem. */
export const watchRequests = (server: Server): void => {
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    const exchange = { request, response }
    const ofSocket = exchanges.get(request.socket) ?? new Set()
    exchanges.set(request.socket, ofSocket.add(exchange))
    response.once("close", () => ofSocket.delete(exchange))
  })
  server.on("checkExpectation", (_request, response: ServerResponse) => {
    const body = problemBody(417, "invalid_request", details[417] ?? "")
    response.writeHead(417, { ...problemFields, "Content-Length": body.length }).end(body)
  })
}
