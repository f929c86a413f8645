// A process that serves one application, until the process that asked for it is gone.
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import type { Order } from "./guards.js"

export interface Served {
  readonly port: number
  readonly plaintexts: ReadonlyArray<string>
}

process.on("disconnect", () => process.exit())

const [order] = (await once(process, "message")) as [Order]
// Not both frameworks: a module that is merely loaded can slow a process.
const { makeApp } = order.framework === "fastify" ? await import("./fastifyApp.js") : await import("./expressApp.js")
const { plaintexts, server } = await makeApp(order)
server.listen(0, "127.0.0.1")
await once(server, "listening")
const { port } = server.address() as AddressInfo
process.send?.({ port, plaintexts } satisfies Served)
