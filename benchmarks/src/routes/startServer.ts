import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Order } from "./guards.js"
import type { Served } from "./server.js"

const serverModule = fileURLToPath(new URL("server.js", import.meta.url))

/** Starts a server, in a process of its own. */
export const startServer = async (order: Order): Promise<Served & { readonly stop: () => Promise<void> }> => {
  const child = fork(serverModule, { execArgv: [] })
  const ended = once(child, "exit")
  child.send(order)
  const answer = await Promise.race([
    once(child, "message").then(([message]) => message as Served),
    ended.then(([code]) => {
      throw new Error(`The server of the ${order.guard} ${order.framework} route ended with code ${code}`)
    })
  ])
  return {
    ...answer,
    stop: async () => {
      child.disconnect()
      await ended
    }
  }
}
