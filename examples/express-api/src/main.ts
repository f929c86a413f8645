import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { openApiKeys } from "./apiKeys.js"
import { makeApp } from "./app.js"

const keys = await openApiKeys()
const server = createServer(makeApp(keys))

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
  const { unflushedUses } = await keys.client.close()
  if (unflushedUses > 0) console.error(`${unflushedUses} uses could not be written down`)
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop())

// Loopback: what others are to reach stands behind a proxy that speaks TLS.
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1")
await once(server, "listening")
console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
