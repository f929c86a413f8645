import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { makeApp } from "./app.js"
import { CustomerKeys } from "./CustomerKeys.js"
import { Customers } from "./Customers.js"
import { makeSession } from "./session.js"
import { readSettings } from "./settings.js"

const settings = readSettings()
const customers = new Customers(join(settings.folder, "customers.db"))
const keys = await CustomerKeys.open(settings, customers)
const server = createServer(makeApp(keys, customers, makeSession(settings.sessionSecret)))

// A connection that is kept alive brings further requests after the stop: one each.
server.prependListener("request", (_req, res) => {
  if (!server.listening) res.setHeader("Connection", "close")
})

/** Answers what was accepted, then writes down what was counted. */
const stop = async (): Promise<void> => {
  const closed = once(server, "close")
  server.close()
  // Those that are busy now fall idle later.
  setInterval(() => server.closeIdleConnections(), 100).unref()
  setTimeout(() => server.closeAllConnections(), 10_000).unref()
  await closed
  await keys.client.close()
  customers.close()
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop())

// Loopback: what others are to reach stands behind a proxy that speaks TLS.
server.listen(settings.port, "127.0.0.1")
await once(server, "listening")
console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
