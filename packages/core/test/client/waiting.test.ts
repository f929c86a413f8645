import { Deferred, Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { ApiKeyClient, MemoryStore, StoreError } from "../../src/index.js"
import { interceptStore } from "../../src/testing/index.js"

const signingSecret = "0123456789abcdef".repeat(4)

let breaks = false

/** A schema that comes to throw what it should not for some metadata. */
const metadataSchema = Schema.transform(
  Schema.Struct({ plan: Schema.String }),
  Schema.Struct({ plan: Schema.String }),
  {
    strict: true,
    decode: (value) => {
      if (breaks && value.plan === "broken") throw new Error("a schema of the application's")
      return value
    },
    encode: (value) => value
  }
)

const hangingStore = () => {
  const released = Effect.runSync(Deferred.make<void>())
  const calls: Array<string> = []
  let hangs = false
  const store = interceptStore(MemoryStore.layer, ({ member }, effect) =>
    Effect.suspend(() => {
      calls.push(member)
      return hangs && member === "KeyStore.findByDigests" ? Effect.zipRight(Deferred.await(released), effect) : effect
    })
  )
  return {
    store,
    calls,
    hang: () => {
      hangs = true
    },
    release: () => {
      hangs = false
      Effect.runSync(Deferred.succeed(released, undefined))
    }
  }
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 20))

describe("verifications that wait for the store together", () => {
  it("are each answered, also where one of them breaks the application's own schema", async () => {
    const client = await ApiKeyClient.open({
      store: MemoryStore.layer,
      signingSecret,
      cache: false,
      metadataSchema
    })
    const { id: organizationId } = await client.createOrganization({ name: "Acme Inc" })
    const issue = async (plan: string) => (await client.createKey({ organizationId, metadata: { plan } })).plaintext
    const keys = [await issue("free"), await issue("broken"), await issue("pro")]
    breaks = true
    const outcomes = await Promise.allSettled(keys.map((key) => client.validateKey(key)))
    expect(outcomes[1]).toMatchObject({ status: "rejected", reason: { message: "a schema of the application's" } })
    expect(outcomes[0]).toMatchObject({ status: "fulfilled", value: { key: { metadata: { plan: "free" } } } })
    expect(outcomes[2]).toMatchObject({ status: "fulfilled", value: { key: { metadata: { plan: "pro" } } } })
    await client.close()
  })

  it("are rejected where closing does not wait for them any more, and charged nothing after", async () => {
    const { calls, hang, release, store } = hangingStore()
    const client = await ApiKeyClient.open({ store, signingSecret, cache: false, usage: "durable" })
    const { id: organizationId } = await client.createOrganization({ name: "Acme Inc" })
    const { plaintext } = await client.createKey({ organizationId, rateLimits: [{ requests: 5, window: "day" }] })
    hang()
    const waiting = [client.validateKey(plaintext), client.validateKey(plaintext)]
    const refused = Promise.all(
      waiting.map((each) => expect(each).rejects.toMatchObject({ code: "store_unavailable" }))
    )
    await soon()
    await client.close({ timeout: 20 })
    await refused
    await expect(client.validateKey(plaintext)).rejects.toBeInstanceOf(StoreError)
    calls.length = 0
    release()
    await soon()
    expect(calls).toEqual([])
  })

  it("are waited for by closing, up to what is committed last", async () => {
    const { calls, hang, release, store } = hangingStore()
    const client = await ApiKeyClient.open({ store, signingSecret, cache: false, usage: "durable" })
    const { id: organizationId } = await client.createOrganization({ name: "Acme Inc" })
    const { plaintext } = await client.createKey({ organizationId, rateLimits: [{ requests: 5, window: "day" }] })
    hang()
    const waiting = client.validateKey(plaintext)
    await soon()
    const closed = client.close({ timeout: 5000 })
    release()
    expect((await waiting).key.useCount).toBe(1)
    expect(calls).toContain("RateLimitStore.admit")
    await closed
  })
})
