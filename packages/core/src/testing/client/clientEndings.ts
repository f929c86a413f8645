import { expect, it } from "vitest"
import {
  DisabledKeyError,
  ExpiredKeyError,
  InvalidInputError,
  NotFoundError,
  RevokedKeyError
} from "../../domain/Errors.js"
import { absentId, issueKey, makeAcme, type OpenedClient, race, rejects } from "./clientFixtures.js"

export const clientEndings = (opened: OpenedClient): void => {
  it("disables a key until it is enabled again", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    expect(key).toMatchObject({ disabledAt: null, disabledReason: null })
    const disabled = await client.disableKey(key.id, { reason: "unpaid" })
    expect(disabled).toMatchObject({ status: "disabled", disabledReason: "unpaid" })
    const { disabledAt } = disabled
    await rejects(client.verifyKey(plaintext), DisabledKeyError, { code: "disabled_key", keyId: key.id, disabledAt })
    await rejects(client.validateKey(plaintext), DisabledKeyError)
    expect(await client.disableKey(key.id, { reason: "again" })).toEqual(disabled)
    const enabled = await client.enableKey(key.id)
    expect(enabled).toEqual({ ...key, updatedAt: enabled.updatedAt })
    expect(await client.enableKey(key.id)).toEqual(enabled)
    expect((await client.verifyKey(plaintext)).key.useCount).toBe(1)
  })

  it("calls a disabled key expired or revoked once it is, since no enabling helps then", async () => {
    const client = opened()
    const { key, plaintext } = await issueKey(client)
    await client.disableKey(key.id)
    await client.updateKey(key.id, { expiresAt: new Date(Date.now() - 1) })
    await rejects(client.verifyKey(plaintext), ExpiredKeyError)
    await client.revokeKey(key.id)
    await rejects(client.verifyKey(plaintext), RevokedKeyError)
    expect(await client.enableKey(key.id)).toMatchObject({ status: "revoked", disabledAt: null })
  })

  it("disables once of 20 at once, and refuses what is no key", async () => {
    const client = opened()
    const { key } = await issueKey(client)
    const { fulfilled } = await race(20, (n) => client.disableKey(key.id, { reason: `reason ${n}` }))
    expect(new Set(fulfilled.map(({ disabledReason }) => disabledReason)).size).toBe(1)
    for (const call of [client.disableKey, client.enableKey]) {
      await rejects(call.call(client, absentId()), NotFoundError, { entity: "key" })
      await rejects(call.call(client, "x"), InvalidInputError)
    }
    await rejects(client.disableKey(key.id, { reason: " " }), InvalidInputError)
  })

  it("lists disabled keys, and those that expire before a time", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const soon = new Date(Date.now() + 60_000)
    const { key: active } = await issueKey(client, { organizationId })
    const { key: disabled } = await issueKey(client, { organizationId })
    const { key: expiring } = await issueKey(client, { organizationId, expiresAt: soon })
    await client.disableKey(disabled.id)
    const ids = async (filter: Parameters<typeof client.listKeys>[0]) =>
      (await client.listKeys({ organizationId, ...filter })).items.map(({ id }) => id)
    expect(await ids({ status: "disabled" })).toEqual([disabled.id])
    expect(await ids({ status: "active" })).toEqual([expiring.id, active.id])
    expect(await ids({ expiresBefore: soon })).toEqual([])
    expect(await ids({ expiresBefore: new Date(soon.getTime() + 1) })).toEqual([expiring.id])
    await issueKey(client, { organizationId, expiresAt: soon })
    const filter = { organizationId, expiresBefore: new Date(soon.getTime() + 1) }
    const { nextCursor } = await client.listKeys({ ...filter, limit: 1 })
    const next = await client.listKeys({ ...filter, limit: 1, cursor: nextCursor })
    expect(next.items.map(({ id }) => id)).toEqual([expiring.id])
    await rejects(client.listKeys({ organizationId, cursor: nextCursor }), InvalidInputError)
  })

  it("deletes what ended before a time, of one organization or of all, and says how many", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const issued = async () => (await issueKey(client, { organizationId })).key.id
    const [active, revoked, expired, expiredAndRevoked] = [
      await issued(),
      await issued(),
      await issued(),
      await issued()
    ]
    for (const id of [expired, expiredAndRevoked])
      await client.updateKey(id, { expiresAt: new Date(Date.now() - 2000) })
    for (const id of [revoked, expiredAndRevoked]) await client.revokeKey(id)
    const ids = async () => (await client.listKeys({ organizationId })).items.map(({ id }) => id)
    const past = new Date(Date.now() - 1000)
    expect(await client.pruneKeys({ organizationId, revokedBefore: past })).toBe(0)
    expect(await client.pruneKeys({ organizationId, expiredBefore: past })).toBe(1)
    expect(await ids()).toEqual([expiredAndRevoked, revoked, active])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await client.pruneKeys({ organizationId, revokedBefore: new Date() })).toBe(2)
    expect(await ids()).toEqual([active])
  })

  it("prunes nothing that it is not told to", async () => {
    const client = opened()
    await rejects(client.pruneKeys({}), InvalidInputError, {
      issues: [{ path: "", rule: "one of revokedBefore and expiredBefore is required" }]
    })
    const tomorrow = new Date(Date.now() + 86_400_000)
    for (const path of ["revokedBefore", "expiredBefore"]) {
      await rejects(client.pruneKeys({ [path]: tomorrow }), InvalidInputError, {
        issues: [{ path, rule: "is in the future" }]
      })
    }
    await rejects(client.pruneKeys({ organizationId: absentId(), revokedBefore: new Date(0) }), NotFoundError, {
      entity: "organization"
    })
  })
}
