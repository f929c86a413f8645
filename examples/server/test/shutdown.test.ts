import { once } from "node:events"
import { connect } from "node:net"
import { expect, it } from "vitest"
import { makeFolder } from "./server/folder.js"
import { stopUnderLoad } from "./server/shutdownUnderLoad.js"
import { spawnServer } from "./server/startServer.js"

it.each(["SIGTERM", "SIGINT"] as const)(
  "%s: every accepted request is answered, and every use is in the database",
  { timeout: 90_000 },
  (signal) => stopUnderLoad({ folder: makeFolder() }, signal)
)

it("a caller who never finishes a request does not keep the server", { timeout: 60_000 }, async () => {
  const server = spawnServer({ folder: makeFolder(), env: { APIKEYS_STORE_TIMEOUT: "1" } })
  const { hostname, port } = new URL(await server.listening)
  const socket = connect(Number(port), hostname)
  await once(socket, "connect")
  socket.on("error", () => undefined).write("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
  // A second one, which is answered, tells that the first has arrived.
  expect((await fetch(`http://${hostname}:${port}/health`)).status).toBe(200)
  server.kill("SIGTERM")
  expect(await server.exited).toBe(0)
  socket.destroy()
})
