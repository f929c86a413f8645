import { expect, it } from "vitest"
import { QuotaError } from "../../domain/Errors.js"
import { issueKey, type OpenedClient, race, rejects } from "./clientFixtures.js"

export const clientLimits = (opened: OpenedClient): void => {
  it("never admits one too many, and lets refused calls cost nothing", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { rateLimits: [{ requests: 50, window: "month" }] })
    const { fulfilled, rejected } = await race(200, () => client.validateKey(plaintext))
    expect(fulfilled).toHaveLength(50)
    expect(rejected).toHaveLength(150)
    for (const error of rejected) expect(error).toBeInstanceOf(QuotaError)
    expect(fulfilled.map(({ limits }) => limits[0]?.remaining).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 50 }, (_, n) => n)
    )
    expect((await client.getKey(key.id)).useCount).toBe(50)
  })

  it("charges all limits of a key or none", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, {
      rateLimits: [
        { name: "small", requests: 2, window: "month" },
        { name: "large", requests: 100, window: "month" }
      ]
    })
    await client.validateKey(plaintext, { cost: 2 })
    const error = await rejects(client.validateKey(plaintext), QuotaError, { code: "quota_exceeded", keyId: key.id })
    expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1)
    expect(Number.isInteger(error.retryAfterSeconds)).toBe(true)
    expect(error.limits.map(({ name, remaining }) => [name, remaining])).toEqual([
      ["small", 0],
      ["large", 98]
    ])
    expect((await client.getLimits(key.id)).map(({ remaining }) => remaining)).toEqual([0, 98])
  })

  it("looks without taking at a cost of 0, also when exhausted", async () => {
    const client = opened()
    const { plaintext } = await issueKey(client, { rateLimits: [{ requests: 1, window: "month" }] })
    expect((await client.validateKey(plaintext, { cost: 0 })).limits[0]?.remaining).toBe(1)
    await client.validateKey(plaintext)
    expect((await client.validateKey(plaintext, { cost: 0 })).limits[0]?.remaining).toBe(0)
    expect((await client.validateKey(plaintext, { checkRateLimit: false })).limits).toEqual([])
  })

  it("says of a cost that could never fit that waiting does not help", async () => {
    const client = opened()
    const { plaintext } = await issueKey(client, { rateLimits: [{ requests: 10, window: "minute" }] })
    await rejects(client.validateKey(plaintext, { cost: 11 }), QuotaError, { retryAfterSeconds: null })
    expect((await client.validateKey(plaintext, { cost: 10 })).limits[0]?.remaining).toBe(0)
  })

  it("reads the state without charging, and starts it afresh", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { rateLimits: [{ requests: 3, window: "month" }] })
    await client.validateKey(plaintext, { cost: 3 })
    expect(await client.getLimits(key.id)).toMatchObject([{ name: "default", remaining: 0, window: "month" }])
    await client.resetLimits(key.id)
    expect(await client.getLimits(key.id)).toMatchObject([{ remaining: 3 }])
    await client.validateKey(plaintext)
    const { key: free } = await issueKey(client)
    expect(await client.getLimits(free.id)).toEqual([])
  })

  it("keeps a limit's state while its name, algorithm and window stay", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { rateLimits: [{ requests: 10, window: "month" }] })
    await client.validateKey(plaintext, { cost: 4 })
    await client.updateKey(key.id, { rateLimits: [{ requests: 5, window: "month" }] })
    expect((await client.getLimits(key.id))[0]?.remaining).toBe(1)
    await client.updateKey(key.id, { rateLimits: [{ requests: 5, window: "month", algorithm: "sliding-window" }] })
    expect((await client.getLimits(key.id))[0]?.remaining).toBe(5)
    await client.updateKey(key.id, { rateLimits: [{ requests: 5, window: "month" }] })
    expect((await client.getLimits(key.id))[0]?.remaining).toBe(5)
  })
}
