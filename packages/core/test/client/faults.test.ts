import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { ApiKeyClient, InvalidInputError, MemoryStore, Store, StoreError } from "../../src/index.js"
import { makeStoreFaults, type StoreMember } from "../../src/testing/index.js"

const signingSecret = "0123456789abcdef".repeat(4)

const openWithFaults = async () => {
  const faults = makeStoreFaults()
  const client = await ApiKeyClient.open({ store: faults.wrap(MemoryStore.layer), signingSecret, keyPrefix: "myapp" })
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

  it("fails in the middle of a verification rejects with StoreError, and goes on afterwards", async () => {
    const { client, faults, plaintext } = await openWithFaults()
    const members: ReadonlyArray<StoreMember> = ["KeyStore.findByDigests", "RateLimitStore.charge", "UsageStore.record"]
    for (const member of members) {
      faults.inject(member, "fail", 1)
      await expect(client.validateKey(plaintext)).rejects.toMatchObject({ code: "store_unavailable", retryable: true })
      await client.validateKey(plaintext)
    }
    await client.close()
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

  it("hangs is closed in the time that is given: what was not flushed is counted, and calls end", async () => {
    const { client, faults, plaintext } = await openWithFaults()
    faults.inject("UsageStore.record", "hang")
    const calls = [client.verifyKey(plaintext), client.verifyKey(plaintext)]
    const outcomes = Promise.allSettled(calls)
    const started = performance.now()
    expect(await client.close({ timeout: 100 })).toEqual({ unflushedUses: 2 })
    expect(performance.now() - started).toBeLessThan(4000)
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { reason: "the client is closed" } })
    }
  })
})
