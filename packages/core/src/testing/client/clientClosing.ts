import { expect, it } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import { StoreError } from "../../domain/Errors.js"
import { issueKey, race, rejects } from "./clientFixtures.js"

export const clientClosing = (openClient: () => Promise<ApiKeyClient>): void => {
  it("says whether the store answers, and how fast", async () => {
    const client = await openClient()
    const health = await client.health()
    expect(health).toMatchObject({ healthy: true, error: null })
    expect(health.latencyMillis).toBeGreaterThan(0)
    await client.close()
  })

  it("says so when it is used after closing, whatever is called", async () => {
    const client = await openClient()
    await client.close()
    const id = crypto.randomUUID()
    const calls = [
      client.verifyKey("myapp_live_x"),
      client.getKey(id),
      client.createOrganization({ name: "Acme" }),
      client.health(),
      client.allKeys().next()
    ]
    for (const call of calls) await rejects(call, StoreError, { retryable: false, reason: "the client is closed" })
  })

  it("lets calls that are under way end, and loses no use", async () => {
    const client = await openClient()
    const { plaintext } = await issueKey(client)
    const calls = race(100, () => client.verifyKey(plaintext))
    expect(await client.close()).toEqual({ unflushedUses: 0 })
    const counts = (await calls).fulfilled.map(({ key }) => key.useCount)
    expect(counts).toHaveLength(100)
    expect(Math.max(...counts)).toBe(100)
  })

  it("closes once, however often it is asked to, and at the end of its scope", async () => {
    const client = await openClient()
    const [one, other] = await Promise.all([client.close(), client.close({ timeout: 1 })])
    expect(one).toEqual(other)
    await client[Symbol.asyncDispose]()
    await rejects(client.health(), StoreError)
  })
}
