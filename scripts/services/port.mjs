import { createServer } from "node:net"

const isFree = (/** @type {number} */ port) =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(false))
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)))
  })

/**
 * A port of loopback that is free now. Below those that systems take for outgoing connections: on one of those, a
 * client of a server that is down can end up connected to itself, and a server started again find its port taken.
 */
export const freePort = async () => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
}
