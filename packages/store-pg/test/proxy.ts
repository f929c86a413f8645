import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** Marks the connections that a listener makes, in their first packet. */
const listens = "apikeys changes"

/**
 * A network between a client and its server. It can lose what goes over the connection of a listener, without a word to
 * either side, and also what goes over any that it makes later.
 */
export interface Proxy {
  readonly url: string
  readonly setLossy: (is: boolean) => Effect.Effect<void>
  /** How many connections listeners made so far. */
  readonly listeners: () => number
}

/**
 * Starts a proxy before a server; it ends with the scope.
 *
 * @param alter what a client sends
 */
export const startProxy = (url: string, alter: (sent: Buffer) => Buffer = (sent) => sent) =>
  Effect.gen(function* () {
    const target = new URL(url)
    const sockets = new Set<Socket>()
    let lossy = false
    let listeners = 0
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname)
      let isListener: boolean | null = null
      const pass = (to: Socket) => (chunk: Buffer) => {
        if (isListener === null) {
          isListener = chunk.includes(listens)
          if (isListener) listeners++
        }
        if (!(lossy && isListener)) to.write(to === upstream ? alter(chunk) : chunk)
      }
      client.on("data", pass(upstream))
      upstream.on("data", pass(client))
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on("error", () => undefined)
        socket.on("close", () => {
          sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
      }
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    const address = server.address()
    if (address === null || typeof address === "string") return yield* Effect.dieMessage("no port was given")
    const own = new URL(url)
    own.hostname = "127.0.0.1"
    own.port = String(address.port)
    return {
      url: own.href,
      setLossy: (is: boolean) =>
        Effect.sync(() => {
          lossy = is
        }),
      listeners: () => listeners
    } satisfies Proxy
  })
