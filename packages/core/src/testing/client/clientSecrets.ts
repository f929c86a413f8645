import { expect, it } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import { InvalidKeyError } from "../../domain/Errors.js"
import { issueKey, race, rejects } from "./clientFixtures.js"

/** Signing secrets, the current one first. */
export type Secrets = readonly [current: string, ...previous: ReadonlyArray<string>]

/** Opens a client with these secrets, over one store for all of them. */
export type OpenWithSecrets = (secrets: Secrets) => Promise<ApiKeyClient>

/** Two secrets that nothing in the store is of yet. */
const makeSecrets = (): readonly [string, string] => {
  const random = () => crypto.randomUUID() + crypto.randomUUID()
  return [random(), random()]
}

const usesOf = async (client: ApiKeyClient, role: string) =>
  (await client.signingSecretReport()).secrets.filter((use) => use.role === role)

export const clientSecrets = (openWith: OpenWithSecrets): void => {
  /** Runs with a client for each list of secrets, and closes them all. */
  const withClients = async (
    lists: ReadonlyArray<Secrets>,
    body: (...clients: ReadonlyArray<ApiKeyClient>) => Promise<void>
  ) => {
    const clients: Array<ApiKeyClient> = []
    for (const list of lists) clients.push(await openWith(list))
    try {
      await body(...clients)
    } finally {
      for (const client of clients) await client.close()
    }
  }

  it("accepts a key under a previous secret, and makes its digest anew on its first use", async () => {
    const [old, current] = makeSecrets()
    await withClients([[old], [current, old], [current]], async (...clients) => {
      const [before, during, after] = clients as [ApiKeyClient, ApiKeyClient, ApiKeyClient]
      const { key, plaintext } = await issueKey(before)
      await rejects(after.verifyKey(plaintext), InvalidKeyError)
      expect(await usesOf(during, "current")).toMatchObject([{ keys: 0 }])
      expect(await usesOf(during, "previous")).toMatchObject([{ keys: 1, superseded: 0 }])
      expect((await during.verifyKey(plaintext)).key).toMatchObject({ id: key.id, useCount: 1 })
      expect(await usesOf(during, "current")).toMatchObject([{ keys: 1 }])
      expect(await usesOf(during, "previous")).toMatchObject([{ keys: 0 }])
      // That it was unknown, is remembered for a moment.
      const known = async () => (await after.verifyKey(plaintext)).key.id
      await expect.poll(() => known().catch(String), { timeout: 20_000 }).toBe(key.id)
      await rejects(before.verifyKey(plaintext), InvalidKeyError)
    })
  })

  it("serves every key through a rolling deploy: accept everywhere, make current, drop", async () => {
    const [old, next] = makeSecrets()
    await withClients([[old, next], [next, old], [next]], async (...clients) => {
      const [accepting, current, dropped] = clients as [ApiKeyClient, ApiKeyClient, ApiKeyClient]
      const made = [await issueKey(accepting), await issueKey(current)]
      // While both run, each may make the other's digests anew.
      for (const client of [accepting, current, accepting, current]) {
        for (const { key, plaintext } of made) expect((await client.verifyKey(plaintext)).key.id).toBe(key.id)
      }
      expect(await usesOf(current, "previous")).toMatchObject([{ keys: 0 }])
      for (const { key, plaintext } of made) expect((await dropped.verifyKey(plaintext)).key.id).toBe(key.id)
    })
  })

  it("keeps the overlap of an old plaintext under an old secret", async () => {
    const [old, current] = makeSecrets()
    await withClients([[old], [current, old]], async (...clients) => {
      const [before, during] = clients as [ApiKeyClient, ApiKeyClient]
      const { key, plaintext } = await issueKey(before)
      const { supersededUntil } = await during.rotateKey(key.id, { overlap: "1 hour" })
      expect(await usesOf(during, "previous")).toMatchObject([{ keys: 0, superseded: 1 }])
      for (let i = 0; i < 2; i++) expect(await during.verifyKey(plaintext)).toMatchObject({ supersededUntil })
      expect(await usesOf(during, "current")).toMatchObject([{ keys: 1, superseded: 1 }])
      expect(await usesOf(during, "previous")).toMatchObject([{ keys: 0, superseded: 0 }])
    })
  })

  it("counts the keys that it cannot serve", async () => {
    const [lost, current] = makeSecrets()
    await withClients([[lost], [current]], async (...clients) => {
      const [before, after] = clients as [ApiKeyClient, ApiKeyClient]
      const [{ secretId } = { secretId: "" }] = await usesOf(before, "current")
      expect(secretId).toMatch(/^[0-9a-f]{16}$/)
      for (let i = 0; i < 3; i++) await issueKey(before)
      const report = await after.signingSecretReport()
      expect(report.secrets.find((use) => use.secretId === secretId)).toMatchObject({ role: "unknown", keys: 3 })
      expect(report.unservedKeys).toBeGreaterThanOrEqual(3)
      expect(Object.isFrozen(report.secrets[0])).toBe(true)
    })
  })

  it("brings no plaintext back that is rotated away or deleted at its first use", async () => {
    const [old, current] = makeSecrets()
    await withClients([[old], [current, old]], async (...clients) => {
      const [before, during] = clients as [ApiKeyClient, ApiKeyClient]
      for (let round = 0; round < 6; round++) {
        const { key, plaintext } = await issueKey(before)
        const uses = race(10, () => during.verifyKey(plaintext))
        await (round % 2 === 0 ? during.rotateKey(key.id) : during.deleteKey(key.id))
        for (const error of (await uses).rejected) expect(error).toBeInstanceOf(InvalidKeyError)
        for (const client of [before, during]) await rejects(client.verifyKey(plaintext), InvalidKeyError)
      }
    })
  })
}
