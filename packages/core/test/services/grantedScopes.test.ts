import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ApiKeyClient, InvalidInputError, MemoryStore } from "../../src/index.js"
import { signingSecret } from "./live.js"

const digest = { algorithm: "sha256", hex: "ab".repeat(32) } as const

describe("a scope that looks like a wildcard and grants nothing", () => {
  let client: ApiKeyClient
  let organizationId: string
  beforeAll(async () => {
    client = await ApiKeyClient.open({ store: MemoryStore.layer, signingSecret, keyPrefix: "myapp" })
    organizationId = (await client.createOrganization({ name: "Acme Inc" })).id
  })
  afterAll(() => client.close())

  const refused = async (call: Promise<unknown>) => {
    const error = await call.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidInputError)
    expect(error).toMatchObject({
      issues: [{ path: "scopes.1", rule: "has a * that is neither all of it nor its last segment" }]
    })
  }

  it.each(["*:*:read", "a*", "a:*:b"])("is refused when it is granted, in each way: %s", async (odd) => {
    const scopes = ["read", odd]
    const { key, plaintext } = await client.createKey({ organizationId, scopes: ["read"] })
    await refused(client.createKey({ organizationId, scopes }))
    await refused(client.updateKey(key.id, { scopes }))
    await refused(client.importKey({ organizationId, scopes, digest }, { wildcards: "grant" }))
    await refused(client.importKey({ organizationId, scopes, digest, hint: "old" }, { wildcards: "grant" }))
    const told: Array<unknown> = []
    const onRefused = (each: unknown) => told.push(each)
    expect(await client.importKeys([{ organizationId, scopes, digest }], { onRefused })).toMatchObject({ refused: 1 })
    expect(told).toMatchObject([{ issues: [{ path: "scopes.1" }] }])
    expect((await client.getKey(key.id)).scopes).toEqual(["read"])
    // To require one is to require that very text.
    await expect(client.validateKey(plaintext, { requiredScopes: [odd] })).rejects.toMatchObject({ missing: [odd] })
  })
})
