import { request } from "node:http"
import { expect } from "vitest"
import { makeApi, makeCustomer } from "./Api.js"
import { adminKeyIn, type ServerOptions, spawnServer } from "./startServer.js"

type Outcome = "answered" | "refused" | `broken: ${string}`

/** One request on a connection of its own. A server that is gone refuses it; none may break off in the midst of one. */
const call = (address: string, path: string, key: string, keepAlive: boolean) =>
  new Promise<Outcome>((resolve) => {
    const outgoing = request(
      `${address}${path}`,
      { headers: { "X-API-Key": key, Connection: keepAlive ? "keep-alive" : "close" }, agent: false },
      (response) => {
        response.on("error", (error) => resolve(`broken: ${error.message}`))
        response.resume().on("end", () => {
          resolve(response.statusCode === 200 && response.complete ? "answered" : `broken: ${response.statusCode}`)
        })
      }
    )
    outgoing.on("error", (error) => resolve("code" in error && isRefusal(error.code) ? "refused" : `broken: ${error}`))
    outgoing.end()
  })

/** The kernel took the connection, or did not, but the server never did. */
const isRefusal = (code: unknown): boolean => code === "ECONNREFUSED" || code === "ECONNRESET"

/**
 * Stops a server while callers never cease to call, and looks at what it left: of the requests that were answered each
 * is counted, and none is counted that was not answered.
 */
export const stopUnderLoad = async (options: ServerOptions, signal: NodeJS.Signals) => {
  const server = spawnServer(options)
  const address = await server.listening
  const { keyId, plaintext, productId } = await makeCustomer(makeApi(address, adminKeyIn(options.folder)))
  const path = `/v1/products/${productId}/protected`

  let stopped = false
  let answeredAfterSignal = 0
  const outcomes: Array<Outcome> = []
  const callers = Array.from({ length: 40 }, async (_, n) => {
    while (!stopped || outcomes.length < 40) {
      const outcome = await call(address, path, plaintext, n % 2 === 0)
      outcomes.push(outcome)
      if (stopped && outcome === "answered") answeredAfterSignal++
      if (outcome !== "answered") return
    }
  })
  while (outcomes.length < 200) await new Promise((resolve) => setTimeout(resolve, 5))
  server.kill(signal)
  stopped = true
  const [code] = await Promise.all([server.exited, ...callers])

  expect(code).toBe(0)
  expect(server.output()).toContain('"msg":"Stopped"')
  const answered = outcomes.filter((outcome) => outcome === "answered").length
  expect(outcomes.filter((outcome) => outcome.startsWith("broken"))).toEqual([])
  // The signal came while requests were under way.
  expect(answeredAfterSignal).toBeGreaterThan(0)

  const next = spawnServer(options)
  const api = makeApi(await next.listening, adminKeyIn(options.folder))
  expect((await api("GET", `/v1/keys/${keyId}`)).body.useCount).toBe(answered)
  next.kill("SIGTERM")
  expect(await next.exited).toBe(0)
}
