import { expect, it } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import {
  ApiKeyError,
  ExpiredKeyError,
  InsufficientScopeError,
  InvalidInputError,
  InvalidKeyError,
  QuotaError,
  RevokedKeyError
} from "../../domain/Errors.js"
import { issueKey, type OpenedClient, race, rejects } from "./clientFixtures.js"

/** The same key with another character at a place of its secret. */
const mistyped = (plaintext: string): string => {
  const place = plaintext.length - 20
  return plaintext.slice(0, place) + (plaintext[place] === "x" ? "y" : "x") + plaintext.slice(place + 1)
}

export const clientVerification = (
  opened: OpenedClient,
  openClient: (environment: string) => Promise<ApiKeyClient>
): void => {
  it("verifies a key, and counts it", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    const before = Date.now()
    const verified = await client.verifyKey(plaintext)
    expect(verified.key).toMatchObject({ id: key.id, useCount: 1 })
    expect(verified.key.lastUsedAt?.getTime()).toBeGreaterThanOrEqual(before)
    expect((await client.validateKey(plaintext)).key.useCount).toBe(2)
    expect(await client.getKey(key.id)).toMatchObject({ useCount: 2 })
  })

  it("counts exactly with 200 at once, and shows each call its own count", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    const { fulfilled } = await race(200, () => client.validateKey(plaintext))
    expect(fulfilled).toHaveLength(200)
    expect((await client.getKey(key.id)).useCount).toBe(200)
    const counts = fulfilled.map((verified) => verified.key.useCount).sort((one, other) => one - other)
    expect(counts).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
  })

  it("counts successful calls only, and none that asked not to be", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { rateLimits: [{ requests: 1, window: "day" }] })
    await client.verifyKey(plaintext, { trackUsage: false })
    await client.validateKey(plaintext, { trackUsage: false, checkRateLimit: false })
    await client.validateKey(plaintext, { cost: 0 })
    expect(await client.getKey(key.id)).toMatchObject({ useCount: 0, lastUsedAt: null })
    await client.validateKey(plaintext)
    await rejects(client.validateKey(plaintext), QuotaError)
    await rejects(client.validateKey(plaintext, { requiredScopes: ["write"] }), InsufficientScopeError)
    expect((await client.getKey(key.id)).useCount).toBe(1)
  })

  it("refuses what is no key, and tells nothing more", async () => {
    const client = opened()
    const { plaintext } = await issueKey(client)
    for (const text of ["", "myapp_live_", mistyped(plaintext), `${plaintext}x`, ` ${plaintext}`, plaintext.slice(1)]) {
      await rejects(client.verifyKey(text), InvalidKeyError, { code: "invalid_key", message: "The API key is invalid" })
    }
    await rejects(client.verifyKey(undefined as never), InvalidKeyError)
  })

  it("refuses a key of another environment under the same secret", async () => {
    const test = await openClient("test")
    const { plaintext } = await issueKey(opened())
    await rejects(test.verifyKey(plaintext), InvalidKeyError)
    expect((await opened().verifyKey(plaintext)).key.useCount).toBe(1)
    await test.close()
  })

  it("tells the holder of a key that it expired, or was revoked, which goes first", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { expiresAt: new Date(Date.now() + 3_600_000) })
    const expiresAt = new Date()
    await client.updateKey(key.id, { expiresAt })
    const expired = await rejects(client.verifyKey(plaintext), ExpiredKeyError, { code: "expired_key", keyId: key.id })
    expect(expired.expiredAt).toEqual(expiresAt)
    const { revokedAt } = await client.revokeKey(key.id)
    const revoked = await rejects(client.validateKey(plaintext), RevokedKeyError, { code: "revoked_key" })
    expect(revoked.revokedAt).toEqual(revokedAt)
    expect(revoked).toBeInstanceOf(ApiKeyError)
    await client.deleteKey(key.id)
    await rejects(client.verifyKey(plaintext), InvalidKeyError)
  })

  it("refuses options that break a rule, whatever the key", async () => {
    const client = opened()
    for (const options of [
      { cost: -1 },
      { cost: 1.5 },
      { productId: "x" },
      { requiredScopes: "read" },
      { scope: [] }
    ]) {
      await rejects(client.validateKey("nonsense", options as never), InvalidInputError)
    }
  })
}
