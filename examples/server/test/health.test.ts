import { ApiKeyClient, MemoryStore } from "@apikeys/core"
import Fastify from "fastify"
import { expect, it } from "vitest"
import { api } from "../src/api.js"
import { findOperators } from "../src/operators.js"

const signingSecret = "of no use but for this very test: 0123456789"

it("the store is asked for its health once a second, however many ask, and what it says is passed on", async () => {
  const client = await ApiKeyClient.open({ store: MemoryStore.layer, signingSecret })
  const askStore = client.health.bind(client)
  let asked = 0
  let healthy = true
  Object.defineProperty(client, "health", {
    value: async () => {
      asked++
      return { ...(await askStore()), healthy }
    }
  })
  const app = Fastify()
  await api(app, { client, operators: await findOperators(client, { signingSecret, adopted: null }) })
  const address = await app.listen({ host: "127.0.0.1", port: 0 })
  try {
    const started = performance.now()
    const statuses = new Set<number>()
    for (let round = 0; round < 50; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(`${address}/health`)))
      for (const { status } of answers) statuses.add(status)
    }
    expect([...statuses]).toEqual([200])
    // A timer may fire a little early.
    expect(asked).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - started) / 990))
    healthy = false
    await expect.poll(async () => (await fetch(`${address}/health`)).status, { timeout: 10_000 }).toBe(503)
  } finally {
    await app.close()
    await client.close()
  }
})
