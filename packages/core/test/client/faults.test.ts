import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import {
  ApiKeyClient,
  type ApiKeyClientOptions,
  InvalidInputError,
  MemoryStore,
  Store,
  StoreError
} from "../../src/index.js"
import { makeStoreFaults, type StoreMember } from "../../src/testing/index.js"

const signingSecret = "0123456789abcdef".repeat(4)

const openWithFaults = async (options: Partial<ApiKeyClientOptions> = {}) => {
  const faults = makeStoreFaults()
  const store = faults.wrap(MemoryStore.layer)
  const client = await ApiKeyClient.open({ store, signingSecret, keyPrefix: "myapp", ...options })
  const organization = await client.createOrganization({ name: "Acme Inc" })
  const { key, plaintext } = await client.createKey({
    organizationId: organization.id,
    rateLimits: [{ requests: 100, window: "day" }]
  })
  return { client, faults, key, plaintext }
}

describe("a client whose store", () => {
  it("cannot be opened rejects, with the store's own error, and closes what was open", async () => {
    const closed: Array<string> = []
    const failure = new StoreError({ operation: "open", retryable: true, reason: "sqlite SQLITE_BUSY" })
    const store = Store.fromLayer(
      Layer.unwrapScoped(
        Effect.acquireRelease(Effect.void, () => Effect.sync(() => closed.push("store"))).pipe(
          Effect.zipRight(Effect.fail(failure))
        )
      )
    )
    await expect(ApiKeyClient.open({ store, signingSecret })).rejects.toBe(failure)
    expect(closed).toEqual(["store"])
  })

  it("is not even opened where an option breaks a rule", async () => {
    let opened = false
    const store = Store.fromLayer(
      Layer.tap(MemoryStore.layer, () =>
        Effect.sync(() => {
          opened = true
        })
      )
    )
    await expect(ApiKeyClient.open({ store, signingSecret: "short" })).rejects.toBeInstanceOf(InvalidInputError)
    expect(opened).toBe(false)
  })

  const needed: ReadonlyArray<readonly ["deferred" | "durable", ReadonlyArray<StoreMember>]> = [
    ["deferred", ["KeyStore.findByDigests", "RateLimitStore.charge"]],
    ["durable", ["KeyStore.findByDigests", "RateLimitStore.admit"]]
  ]
  it.each(needed)(
    "fails in the middle of a %s verification rejects with StoreError, and goes on",
    async (usage, members) => {
      const { client, faults, key, plaintext } = await openWithFaults({ usage })
      for (const member of members) {
        faults.inject(member, "fail", 1)
        await expect(client.validateKey(plaintext)).rejects.toMatchObject({
          code: "store_unavailable",
          retryable: true
        })
        await client.validateKey(plaintext)
      }
      expect((await client.getKey(key.id)).useCount).toBe(2)
      expect((await client.getLimits(key.id))[0]?.remaining).toBe(98)
      await client.close()
    }
  )

  it.each(["fail", "lose", "die"] as const)("does not take uses (%s) has each of them once, later", async (fault) => {
    const { client, faults, key, plaintext } = await openWithFaults({ usageFlush: { interval: 10 } })
    faults.inject("UsageStore.record", fault, 3)
    for (let n = 1; n <= 5; n++) expect((await client.validateKey(plaintext)).key.useCount).toBe(n)
    await expect.poll(async () => (await client.listKeys({ lastUsedBefore: new Date(0) })).items).toEqual([])
    expect((await client.getKey(key.id)).useCount).toBe(5)
    expect(await client.close()).toEqual({ unflushedUses: 0 })
  })

  it("loses an answer has cost a permit, but admitted nobody", async () => {
    const { client, faults, key, plaintext } = await openWithFaults()
    faults.inject("RateLimitStore.charge", "lose", 1)
    await expect(client.validateKey(plaintext)).rejects.toBeInstanceOf(StoreError)
    expect((await client.getLimits(key.id))[0]?.remaining).toBe(99)
    expect((await client.getKey(key.id)).useCount).toBe(0)
    await client.close()
  })

  it("does not answer is unhealthy, and says why", async () => {
    const { client, faults } = await openWithFaults()
    faults.inject("all", "fail")
    const health = await client.health()
    expect(health).toMatchObject({ healthy: false, error: { code: "store_unavailable" } })
    faults.clear()
    expect(await client.health()).toMatchObject({ healthy: true, error: null })
    await client.close()
  })

  it("hangs is closed in the time that is given: what was not flushed is counted", async () => {
    const { client, faults, plaintext } = await openWithFaults()
    faults.inject("UsageStore.record", "hang")
    await Promise.all([client.verifyKey(plaintext), client.verifyKey(plaintext)])
    const started = performance.now()
    expect(await client.close({ timeout: 100 })).toEqual({ unflushedUses: 2 })
    expect(performance.now() - started).toBeLessThan(4000)
  })

  it("hangs is closed in the time that is given: calls that wait for it end", async () => {
    const { client, faults, plaintext } = await openWithFaults({ usage: "durable" })
    faults.inject("RateLimitStore.admit", "hang")
    const outcomes = Promise.allSettled([client.verifyKey(plaintext), client.verifyKey(plaintext)])
    const started = performance.now()
    expect(await client.close({ timeout: 100 })).toEqual({ unflushedUses: 0 })
    expect(performance.now() - started).toBeLessThan(4000)
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { reason: "the client is closed" } })
    }
  })
})
