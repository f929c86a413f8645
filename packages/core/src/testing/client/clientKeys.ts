import { expect, it } from "vitest"
import { IdempotencyConflictError, InvalidInputError, NotFoundError } from "../../domain/Errors.js"
import { issueKey, makeAcme, makeTenants, type OpenedClient, race, rejects } from "./clientFixtures.js"

export const clientKeys = (opened: OpenedClient): void => {
  it("issues a key as it was asked for, and tells its plaintext once", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    await client.addProductToProject({ productId, projectId })
    const expiresAt = new Date(Date.now() + 3_600_123)
    const { key, plaintext } = await client.createKey({
      organizationId,
      projectId,
      productId,
      name: " Alice's key ",
      scopes: ["read", "docs:*", "read"],
      rateLimits: [
        { name: "burst", requests: 5, window: "second", algorithm: "token-bucket", burst: 20 },
        { name: "daily", requests: 1000, window: 86_400 }
      ],
      expiresAt,
      metadata: { userId: "u_alice", nested: { list: [1, null, "ü"] } }
    })
    expect(plaintext).toMatch(/^myapp_live_[0-9A-Za-z]{49}$/)
    expect(key).toMatchObject({
      organizationId,
      projectId,
      productId,
      name: "Alice's key",
      hint: `${plaintext.slice(0, "myapp_live_".length + 4)}…`,
      status: "active",
      scopes: ["read", "docs:*"],
      rateLimits: [
        { name: "burst", requests: 5, window: "second", algorithm: "token-bucket", burst: 20 },
        { name: "daily", requests: 1000, window: "day", algorithm: "fixed-window", burst: null }
      ],
      expiresAt,
      revokedAt: null,
      revokedReason: null,
      metadata: { userId: "u_alice", nested: { list: [1, null, "ü"] } },
      useCount: 0,
      lastUsedAt: null
    })
    expect(await client.getKey(key.id)).toEqual(key)
    expect(JSON.stringify(await client.getKey(key.id))).not.toContain(plaintext)
  })

  it("returns what no caller can change", async () => {
    const client = opened()
    const { key } = await issueKey(client, { metadata: { plan: { name: "pro" } }, scopes: ["read"] })
    const mutate = key as unknown as { name: string; scopes: Array<string>; metadata: { plan: { name: string } } }
    expect(() => {
      mutate.name = "other"
    }).toThrow(TypeError)
    expect(() => mutate.scopes.push("admin")).toThrow(TypeError)
    expect(() => {
      mutate.metadata.plan.name = "free"
    }).toThrow(TypeError)
    key.createdAt.setTime(0)
    expect((await client.getKey(key.id)).createdAt.getTime()).toBeGreaterThan(0)
  })

  it("makes one key of a retried call, and tells its plaintext once", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const { fulfilled } = await race(20, () => client.createKey({ organizationId, idempotencyKey: "order-1" }))
    expect(fulfilled).toHaveLength(20)
    expect(new Set(fulfilled.map(({ key }) => key.id)).size).toBe(1)
    expect(fulfilled.filter(({ plaintext }) => plaintext !== null)).toHaveLength(1)
    expect((await client.listKeys({ organizationId })).items).toHaveLength(1)
    const { id: other } = await makeAcme(client)
    expect((await client.createKey({ organizationId: other, idempotencyKey: "order-1" })).plaintext).not.toBeNull()
  })

  it("refuses an idempotency key that comes again with other input, and tells whose it is", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    const expiresAt = new Date(Date.now() + 3_600_000)
    const input = {
      organizationId,
      projectId,
      idempotencyKey: "order-1",
      name: "Alice",
      scopes: ["read", "write"],
      rateLimits: [{ requests: 5, window: 60 }],
      expiresAt,
      metadata: { plan: "pro", nested: { b: 1, a: [{ d: 1, c: 2 }] } }
    } as const
    const { key } = await client.createKey(input)
    const same = [
      input,
      // The same, written in another way.
      { ...input, name: " Alice ", scopes: ["read", "write", "read"], productId: null },
      { ...input, rateLimits: [{ name: "default", requests: 5, window: "minute", algorithm: "fixed-window" }] },
      { ...input, metadata: { nested: { a: [{ c: 2, d: 1 }], b: 1 }, plan: "pro" } }
    ]
    const other = [
      { ...input, name: "Bob" },
      { ...input, name: null },
      { ...input, projectId: null },
      { ...input, projectId: null, productId },
      { ...input, scopes: ["read", "write", "admin"] },
      { ...input, scopes: [] },
      { ...input, rateLimits: [{ requests: 6, window: 60 }] },
      { ...input, expiresAt: new Date(expiresAt.getTime() + 1) },
      { ...input, metadata: { plan: "free" } }
    ]
    // Whatever becomes of the key, the input was what it was.
    const replayed = async () => {
      for (const again of same) expect(await client.createKey(again as never)).toMatchObject({ plaintext: null })
      for (const another of other) {
        await rejects(client.createKey(another as never), IdempotencyConflictError, { existingId: key.id })
      }
    }
    await replayed()
    await client.updateKey(key.id, { name: "Renamed", scopes: null, metadata: null })
    await client.revokeKey(key.id)
    await replayed()
    expect((await client.listKeys({ organizationId })).items).toHaveLength(1)
    await client.deleteKey(key.id)
    expect(await client.createKey({ ...input, name: "Bob" })).toMatchObject({ key: { name: "Bob" } })
  })

  it("makes one key of 20 concurrent calls with different input under one idempotency key", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const { fulfilled, rejected } = await race(20, (n) =>
      client.createKey({ organizationId, idempotencyKey: "order-1", name: `Key ${n % 4}` })
    )
    const made = fulfilled.filter(({ plaintext }) => plaintext !== null)
    expect(made).toHaveLength(1)
    expect([fulfilled.length, rejected.length]).toEqual([5, 15])
    for (const error of rejected) {
      expect(error).toBeInstanceOf(IdempotencyConflictError)
      expect(error).toMatchObject({ existingId: made[0]?.key.id })
    }
  })

  it("refuses a project or product of another organization, and a pair that is not linked", async () => {
    const client = opened()
    const mine = await makeTenants(client)
    const theirs = await makeTenants(client)
    const { organizationId, productId, projectId } = mine
    await rejects(client.createKey({ organizationId, projectId: theirs.projectId }), NotFoundError, {
      entity: "project"
    })
    await rejects(client.createKey({ organizationId, productId: theirs.productId }), NotFoundError, {
      entity: "product"
    })
    await rejects(client.createKey({ organizationId, projectId, productId }), InvalidInputError, {
      issues: [{ path: "productId", rule: "is not linked to the project" }]
    })
    expect((await client.listKeys({ organizationId })).items).toEqual([])
  })

  it("refuses bad input with every rule it breaks, and writes nothing", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const error = await rejects(
      client.createKey({
        organizationId,
        name: "  ",
        scopes: ["with space"],
        rateLimits: [{ requests: 0, window: "minute" }],
        expiresAt: new Date(Number.NaN),
        surname: "?"
      } as never),
      InvalidInputError,
      { code: "invalid_input" }
    )
    expect(error.issues.map(({ path }) => path).sort()).toEqual(
      ["expiresAt", "name", "rateLimits.0.requests", "scopes.0", "surname"].sort()
    )
    await rejects(client.createKey({ organizationId, expiresAt: new Date(Date.now() - 1) }), InvalidInputError, {
      issues: [{ path: "expiresAt", rule: "is not in the future" }]
    })
    expect((await client.listKeys({ organizationId })).items).toEqual([])
  })

  it("changes the fields it is given, leaves the others, and clears with null", async () => {
    const client = opened()
    const expiresAt = new Date(Date.now() + 60_000)
    const { key } = await issueKey(client, {
      name: "Before",
      scopes: ["read"],
      rateLimits: [{ requests: 1, window: "minute" }],
      expiresAt,
      metadata: { a: 1 }
    })
    const renamed = await client.updateKey(key.id, { name: "After" })
    expect(renamed).toEqual({ ...key, name: "After", updatedAt: renamed.updatedAt })
    const replaced = await client.updateKey(key.id, { metadata: { b: 2 }, scopes: ["write"] })
    expect(replaced).toMatchObject({ name: "After", scopes: ["write"], metadata: { b: 2 }, expiresAt })
    const cleared = await client.updateKey(key.id, {
      name: null,
      scopes: null,
      rateLimits: null,
      expiresAt: null,
      metadata: null
    })
    expect(cleared).toMatchObject({ name: null, scopes: [], rateLimits: [], expiresAt: null, metadata: {} })
    expect(await client.getKey(key.id)).toEqual(cleared)
    expect(await client.updateKey(key.id, {})).toEqual(cleared)
    await client.revokeKey(key.id)
    expect(await client.updateKey(key.id, { name: "Kept for audit" })).toMatchObject({ status: "revoked" })
  })

  it("revokes once: the first time and reason stay", async () => {
    const client = opened()
    const { key } = await issueKey(client)
    const { fulfilled } = await race(20, (n) => client.revokeKey(key.id, { reason: `reason ${n}` }))
    const [first] = fulfilled
    expect(first?.status).toBe("revoked")
    for (const revoked of fulfilled) {
      expect([revoked.revokedAt, revoked.revokedReason]).toEqual([first?.revokedAt, first?.revokedReason])
    }
    expect((await client.revokeKey(key.id)).revokedReason).toBe(first?.revokedReason)
  })

  it("revokes all keys of an owner, and says how many", async () => {
    const client = opened()
    const { organizationId, projectId } = await makeTenants(client)
    for (let n = 0; n < 3; n++) await issueKey(client, { organizationId, projectId })
    const { key: whole } = await issueKey(client, { organizationId })
    expect(await client.revokeKeys({ projectId, reason: "closed" })).toBe(3)
    expect((await client.getKey(whole.id)).status).toBe("active")
    expect(await client.revokeKeys({ organizationId })).toBe(1)
    expect(await client.revokeKeys({ organizationId })).toBe(0)
    await rejects(client.revokeKeys({}), InvalidInputError)
  })

  it("lists by owner, status and last use", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    const { key: ofProject } = await issueKey(client, { organizationId, projectId })
    const { key: ofProduct, plaintext } = await issueKey(client, { organizationId, productId })
    const { key: revoked } = await issueKey(client, { organizationId })
    await client.revokeKey(revoked.id)
    const { key: expired } = await issueKey(client, { organizationId })
    await client.updateKey(expired.id, { expiresAt: new Date(Date.now() - 1) })
    const ids = async (filter: Parameters<typeof client.listKeys>[0]) =>
      (await client.listKeys({ organizationId, ...filter })).items.map(({ id }) => id)
    expect(await ids({})).toEqual([expired.id, revoked.id, ofProduct.id, ofProject.id])
    expect(await ids({ projectId })).toEqual([ofProject.id])
    expect(await ids({ productId })).toEqual([ofProduct.id])
    expect(await ids({ status: "active" })).toEqual([ofProduct.id, ofProject.id])
    expect(await ids({ status: "revoked" })).toEqual([revoked.id])
    expect(await ids({ status: "expired" })).toEqual([expired.id])
    const before = new Date()
    await client.verifyKey(plaintext)
    expect(await ids({ lastUsedBefore: before })).toEqual([expired.id, revoked.id, ofProject.id])
  })

  it("walks all keys, while others come and go", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const stay: Array<string> = []
    const go: Array<string> = []
    for (let n = 0; n < 12; n++) (n % 3 === 0 ? go : stay).push((await issueKey(client, { organizationId })).key.id)
    const seen: Array<string> = []
    for await (const { id } of client.allKeys({ organizationId, limit: 2 })) {
      seen.push(id)
      const gone = go.pop()
      if (gone !== undefined) await client.deleteKey(gone)
      await issueKey(client, { organizationId })
    }
    expect(seen.filter((id) => stay.includes(id))).toEqual([...stay].reverse())
    expect(new Set(seen).size).toBe(seen.length)
  })

  it("deletes for good, also after the key was limited and used", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client, { rateLimits: [{ requests: 5, window: "day" }] })
    await client.validateKey(plaintext)
    await client.deleteKey(key.id)
    await rejects(client.getKey(key.id), NotFoundError, { entity: "key", id: key.id })
    await rejects(client.deleteKey(key.id), NotFoundError)
  })
}
