import { FiberId, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { ApiKeyClient, type ApiKeyClientOptions, MemoryStore } from "../../src/index.js"
import { makeStoreCalls } from "../../src/testing/index.js"

const signingSecret = "0123456789abcdef".repeat(4)

/** A client that remembers a key, which has one call a day left. */
const openRemembering = async (options: Partial<ApiKeyClientOptions> = {}) => {
  const calls = makeStoreCalls()
  const store = calls.wrap(MemoryStore.layer)
  const client = await ApiKeyClient.open({ store, signingSecret, usage: "deferred", ...options })
  const { id: organizationId } = await client.createOrganization({ name: "Acme Inc" })
  const expiresAt = new Date(Date.now() + 3_600_000)
  const { key, plaintext } = await client.createKey({
    organizationId,
    name: "Alice",
    scopes: ["read"],
    rateLimits: [{ requests: 1, window: "day" }],
    metadata: { plan: "pro" },
    expiresAt
  })
  const first = await client.verifyKey(plaintext, { trackUsage: false })
  calls.clear()
  return { calls, client, first, key, plaintext }
}

/** Fibers that a call began before it returned. */
const fibersOf = (call: () => unknown): number => {
  const before = FiberId.unsafeMake().id
  call()
  return FiberId.unsafeMake().id - before - 1
}

describe("verifyKey of a key that is remembered", () => {
  it("asks no store, and needs no fiber", async () => {
    const { calls, client, plaintext } = await openRemembering()
    for (const options of [undefined, { trackUsage: false }]) {
      let call: Promise<unknown> | undefined
      expect(
        fibersOf(() => {
          call = client.verifyKey(plaintext, options)
        })
      ).toBe(0)
      await call
    }
    expect(calls.count("KeyStore.findByDigests")).toBe(0)
    expect(fibersOf(() => client.getKey("x").catch(() => undefined))).toBeGreaterThan(0)
    await client.close()
  })

  it("says what the call said that looked the key up, but for the use", async () => {
    const { client, first, key, plaintext } = await openRemembering()
    expect(first).toEqual({ key, limits: [], supersededAt: null, supersededUntil: null })
    expect(await client.verifyKey(plaintext, { trackUsage: false })).toEqual(first)
    const used = await client.verifyKey(plaintext)
    expect(used).toEqual({ ...first, key: { ...key, useCount: 1, lastUsedAt: expect.any(Date) } })
    await client.close()
  })

  it("charges no limit, and counts unless it is told not to", async () => {
    const { client, key, plaintext } = await openRemembering({ usageFlush: { interval: 10 } })
    for (let n = 0; n < 3; n++) await client.verifyKey(plaintext, { trackUsage: false })
    for (let n = 1; n <= 3; n++) expect((await client.verifyKey(plaintext)).key.useCount).toBe(n)
    expect((await client.getLimits(key.id))[0]?.remaining).toBe(1)
    expect((await client.validateKey(plaintext)).key.useCount).toBe(4)
    await client.close()
  })

  it("tells dates that are the caller's own, of what is frozen otherwise", async () => {
    const { client, key, plaintext } = await openRemembering()
    const verified = await client.verifyKey(plaintext, { trackUsage: false })
    for (const part of [verified, verified.key, verified.key.scopes, verified.key.rateLimits, verified.key.metadata]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    for (const date of [verified.key.createdAt, verified.key.updatedAt, verified.key.expiresAt]) date?.setTime(0)
    expect((await client.verifyKey(plaintext, { trackUsage: false })).key).toEqual(key)
    await client.close()
  })

  it("refuses options that are none of its own, whatever they are for others", async () => {
    const { client, plaintext } = await openRemembering()
    for (const options of [{ cost: 1 }, { requiredScopes: ["read"] }, { trackUsage: 1 }, 7]) {
      await expect(client.verifyKey(plaintext, options as never)).rejects.toMatchObject({ code: "invalid_input" })
    }
    await client.close()
  })

  it("is refused for its options while the client is open, and for nothing but that once it is closed", async () => {
    const { client, plaintext } = await openRemembering()
    await client.close()
    for (const options of [{}, { cost: 1 }]) {
      await expect(client.verifyKey(plaintext, options as never)).rejects.toMatchObject({
        reason: "the client is closed",
        operation: "verifyKey"
      })
    }
  })

  it("rejects, and does not throw, where the application's own schema breaks", async () => {
    let breaks = false
    const plan = Schema.Struct({ plan: Schema.String })
    const metadataSchema = Schema.transform(plan, plan, {
      strict: true,
      decode: (value) => {
        if (breaks) throw new Error("a schema of the application's")
        return value
      },
      encode: (value) => value
    })
    const { client, plaintext } = await openRemembering({ metadataSchema })
    breaks = true
    for (const call of [client.verifyKey(plaintext), client.validateKey(plaintext)]) {
      await expect(call).rejects.toThrow("a schema of the application's")
    }
    await client.close()
  })
})
