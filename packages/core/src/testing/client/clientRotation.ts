import { expect, it } from "vitest"
import {
  DisabledKeyError,
  InvalidInputError,
  InvalidKeyError,
  NotFoundError,
  QuotaError,
  RevokedKeyError
} from "../../domain/Errors.js"
import { absentId, issueKey, type OpenedClient, race, rejects } from "./clientFixtures.js"

export const clientRotation = (opened: OpenedClient): void => {
  it("gives a key a new plaintext, keeps all else, and ends the old one at once", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { name: "Alice", scopes: ["read"], metadata: { plan: "pro" } })
    await client.verifyKey(plaintext)
    const rotated = await client.rotateKey(key.id)
    expect(rotated.plaintext).toMatch(/^myapp_live_[0-9A-Za-z]{49}$/)
    expect(rotated.supersededUntil).toBeNull()
    const { hint, lastUsedAt, updatedAt } = rotated.key
    expect(rotated.key).toEqual({ ...key, useCount: 1, hint, lastUsedAt, updatedAt })
    expect(rotated.plaintext.startsWith(hint.slice(0, -1))).toBe(true)
    await rejects(client.verifyKey(plaintext), InvalidKeyError)
    const verified = await client.verifyKey(rotated.plaintext)
    expect(verified).toMatchObject({ supersededAt: null, supersededUntil: null })
    expect(verified.key).toMatchObject({ id: key.id, useCount: 2 })
  })

  it("lets both plaintexts work through the overlap, and says which one is old", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    const before = Date.now()
    const rotated = await client.rotateKey(key.id, { overlap: "2 hours" })
    const until = rotated.supersededUntil?.getTime() ?? 0
    expect(until).toBeGreaterThanOrEqual(before + 7_200_000)
    expect(until).toBeLessThanOrEqual(Date.now() + 7_200_000)
    for (const verify of [client.verifyKey(plaintext), client.validateKey(plaintext)]) {
      const { supersededAt, supersededUntil } = await verify
      expect(supersededAt).toEqual(new Date(until - 7_200_000))
      expect(supersededUntil).toEqual(new Date(until))
    }
    expect((await client.validateKey(rotated.plaintext)).supersededAt).toBeNull()
    expect((await client.getKey(key.id)).useCount).toBe(3)
    // The next rotation ends both, since it names no overlap.
    const last = await client.rotateKey(key.id)
    for (const old of [plaintext, rotated.plaintext]) await rejects(client.verifyKey(old), InvalidKeyError)
    expect((await client.verifyKey(last.plaintext)).key.id).toBe(key.id)
  })

  it("lets no old plaintext outlive the key, also where its expiry is changed later", async () => {
    const client = opened()
    const expiresAt = new Date(Date.now() + 3_600_000)
    const { key, plaintext } = await issueKey(client, { expiresAt })
    expect((await client.rotateKey(key.id, { overlap: "2 days" })).supersededUntil).toEqual(expiresAt)
    await client.updateKey(key.id, { expiresAt: null })
    expect((await client.verifyKey(plaintext)).supersededUntil).toEqual(expiresAt)
    const earlier = new Date(Date.now() + 1_800_000)
    await client.updateKey(key.id, { expiresAt: earlier })
    expect((await client.verifyKey(plaintext)).supersededUntil).toEqual(earlier)
  })

  it("charges both plaintexts to the same limits", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { rateLimits: [{ requests: 3, window: "day" }] })
    await client.validateKey(plaintext)
    const rotated = await client.rotateKey(key.id, { overlap: 3600 })
    await client.validateKey(plaintext)
    expect((await client.validateKey(rotated.plaintext)).limits[0]?.remaining).toBe(0)
    for (const either of [plaintext, rotated.plaintext]) await rejects(client.validateKey(either), QuotaError)
  })

  for (const [overlap, valid] of [
    [0, 1],
    ["1 hour", 4]
  ] as const) {
    it(`gives each of 20 concurrent rotations a plaintext that is the last or superseded (overlap ${overlap})`, async () => {
      const client = opened()
      const { key } = await issueKey(client)
      const { fulfilled } = await race(20, () => client.rotateKey(key.id, { overlap }))
      expect(new Set(fulfilled.map(({ plaintext }) => plaintext)).size).toBe(20)
      const verified = await race(20, (n) => client.verifyKey(fulfilled[n]?.plaintext ?? ""))
      expect(verified.fulfilled).toHaveLength(valid)
      const current = verified.fulfilled.filter(({ supersededAt }) => supersededAt === null)
      expect(current).toHaveLength(1)
      for (const error of verified.rejected) expect(error).toBeInstanceOf(InvalidKeyError)
      const last = fulfilled.find(({ key }) => key.hint === current[0]?.key.hint)
      expect((await client.verifyKey(last?.plaintext ?? "")).supersededAt).toBeNull()
    })
  }

  it("refuses a revoked key, and lets others keep their state", async () => {
    const client = opened()
    const { key } = await issueKey(client)
    await client.disableKey(key.id)
    const rotated = await client.rotateKey(key.id)
    expect(rotated.key.status).toBe("disabled")
    await rejects(client.verifyKey(rotated.plaintext), DisabledKeyError)
    await client.enableKey(key.id)
    expect((await client.verifyKey(rotated.plaintext)).key.id).toBe(key.id)
    await client.updateKey(key.id, { expiresAt: new Date(Date.now() - 1) })
    expect((await client.rotateKey(key.id, { overlap: 60 })).key.status).toBe("expired")
    const { revokedAt } = await client.revokeKey(key.id)
    await rejects(client.rotateKey(key.id), RevokedKeyError, { keyId: key.id, revokedAt })
    await rejects(client.rotateKey(absentId()), NotFoundError, { entity: "key" })
  })

  it("lets the oldest secret stop where there would be more than four, and the others be", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    const plaintexts = [plaintext]
    for (let n = 0; n < 5; n++) {
      plaintexts.push((await client.rotateKey(key.id, { overlap: "1 hour" })).plaintext)
      // So that no two are superseded at the same time.
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    for (const old of plaintexts.slice(0, 2)) await rejects(client.verifyKey(old), InvalidKeyError)
    for (const one of plaintexts.slice(2)) expect((await client.verifyKey(one)).key.id).toBe(key.id)
  })

  it("refuses an overlap longer than maxOverlap, which is 90 days", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    await rejects(client.rotateKey(key.id, { overlap: 90 * 86_400 + 1 }), InvalidInputError, {
      issues: [{ path: "overlap", rule: "is longer than maxOverlap" }]
    })
    expect((await client.verifyKey(plaintext)).supersededAt).toBeNull()
    expect((await client.rotateKey(key.id, { overlap: "90 days" })).supersededUntil).not.toBeNull()
  })

  it("refuses an overlap that is none", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    for (const overlap of [-1, 1.5, Number.NaN, 1e10, "1 fortnight", "an hour", null, new Date()]) {
      await rejects(client.rotateKey(key.id, { overlap } as never), InvalidInputError, {
        issues: [
          { path: "overlap", rule: 'is not a whole number of seconds from 0 to 10^9, or a text such as "24 hours"' }
        ]
      })
    }
    await rejects(client.rotateKey(key.id, { grace: 1 } as never), InvalidInputError)
    expect((await client.verifyKey(plaintext)).key.id).toBe(key.id)
  })
}
