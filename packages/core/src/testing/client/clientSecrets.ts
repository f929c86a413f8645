import { Encoding } from "effect"
import { expect, it } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import type { DigestInput, ImportKeyData } from "../../client/ImportTypes.js"
import { InvalidInputError, InvalidKeyError } from "../../domain/Errors.js"
import * as KeyToken from "../../domain/KeyToken.js"
import { hmac, issueKey, makeAcme, race, rejects } from "./clientFixtures.js"

/** Signing secrets, the current one first. */
export type Secrets = readonly [current: string, ...previous: ReadonlyArray<string>]

/** Opens a client with these secrets, over one store for all of them. */
export type OpenWithSecrets = (secrets: Secrets) => Promise<ApiKeyClient>

/** Two secrets that nothing in the store is of yet. */
export const makeSecrets = (): readonly [string, string] => {
  const random = () => crypto.randomUUID() + crypto.randomUUID()
  return [random(), random()]
}

/** Runs with a client for each list of secrets, and closes them all. */
export const makeWithClients =
  (openWith: OpenWithSecrets) =>
  async (lists: ReadonlyArray<Secrets>, body: (...clients: ReadonlyArray<ApiKeyClient>) => Promise<void>) => {
    const clients: Array<ApiKeyClient> = []
    for (const list of lists) clients.push(await openWith(list))
    try {
      await body(...clients)
    } finally {
      for (const client of clients) await client.close()
    }
  }

/** A plaintext that nobody was issued here, and its digest under a secret. */
const makeDigested = async (secret: string, previousSecret?: number) => {
  const plaintext = KeyToken.issue("myapp_live", (size) => crypto.getRandomValues(new Uint8Array(size)))
  const hex = Encoding.encodeHex(await hmac(plaintext, secret))
  return { plaintext, digest: { algorithm: "hmac-sha256", hex, previousSecret } satisfies DigestInput }
}

const usesOf = async (client: ApiKeyClient, role: string) =>
  (await client.signingSecretReport()).secrets.filter((use) => use.role === role)

export const clientSecrets = (openWith: OpenWithSecrets): void => {
  const withClients = makeWithClients(openWith)

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

  it("imports digests under previous secrets, a short one too, and makes each anew on its first use", async () => {
    const [old, current] = makeSecrets()
    const short = crypto.randomUUID().slice(0, 8)
    // The third is the first once more, and the fourth the current one.
    await withClients([[current, short, old, short, current], [current]], async (...clients) => {
      const [during, after] = clients as [ApiKeyClient, ApiKeyClient]
      const { id: organizationId } = await makeAcme(during)
      const made = [
        await makeDigested(short, 0),
        await makeDigested(old, 1),
        await makeDigested(short, 2),
        await makeDigested(current, 3),
        await makeDigested(current)
      ]
      const inputs = made.map(({ digest }): ImportKeyData => ({ id: crypto.randomUUID(), organizationId, digest }))
      const [first, ...others] = inputs as [ImportKeyData, ...Array<ImportKeyData>]
      expect((await during.importKey(first)).created).toBe(true)
      expect(await during.importKeys(others)).toMatchObject({ imported: 4, refused: 0 })
      expect(await usesOf(during, "current")).toMatchObject([{ keys: 2 }])
      expect(await usesOf(during, "previous")).toMatchObject([{ keys: 2 }, { keys: 1 }])

      for (const [i, { plaintext }] of made.entries()) {
        expect((await during.verifyKey(plaintext)).key).toMatchObject({ id: inputs[i]?.id, useCount: 1 })
      }
      expect(await usesOf(during, "current")).toMatchObject([{ keys: 5 }])
      expect(await usesOf(during, "previous")).toMatchObject([{ keys: 0 }, { keys: 0 }])
      // Under digests that are no longer there.
      expect(await during.importKeys(inputs)).toMatchObject({ imported: 0, existing: 5, refused: 0 })
      for (const { plaintext } of made)
        expect((await after.verifyKey(plaintext)).key.organizationId).toBe(organizationId)
    })
  })

  it("refuses a digest under a previous secret that there is not, or under none, and that of the empty string", async () => {
    const [old, current] = makeSecrets()
    await withClients([[current, old]], async (...clients) => {
      const [client] = clients as [ApiKeyClient]
      const { id: organizationId } = await makeAcme(client)
      const { digest } = await makeDigested(old, 1)
      const error = await rejects(client.importKey({ organizationId, digest }), InvalidInputError)
      expect(error.issues).toEqual([{ path: "digest.previousSecret", rule: "is not one of previousSigningSecrets" }])
      const unkeyed = { ...digest, algorithm: "sha256", previousSecret: 0 } as unknown as DigestInput
      const refused = await rejects(client.importKey({ organizationId, digest: unkeyed }), InvalidInputError)
      expect(refused.issues[0]?.path).toBe("digest.previousSecret")
      for (const secret of [old, current]) {
        const nothing = { algorithm: "hmac-sha256", hex: Encoding.encodeHex(await hmac("", secret)) } as const
        await rejects(client.importKey({ organizationId, digest: nothing }), InvalidInputError)
      }
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

  it("gives a secret one id that is not made of it, however many clients open with it at once", async () => {
    const [old, current] = makeSecrets()
    const lists: ReadonlyArray<Secrets> = Array.from({ length: 8 }, (_, n) =>
      n % 2 === 0 ? [old, current] : [current, old]
    )
    const clients = await Promise.all(lists.map(openWith))
    const idsOf = async (client: ApiKeyClient) =>
      (await client.signingSecretReport()).secrets.slice(0, 2).map(({ secretId }) => secretId)
    const all = await Promise.all(clients.map(idsOf))
    for (const [n, ids] of all.entries()) expect(n % 2 === 0 ? ids : [...ids].reverse()).toEqual(all[0])
    for (const [i, secret] of [old, current].entries()) {
      const made = Encoding.encodeHex(await hmac("@apikeys/core/secretId", secret))
      expect(made.startsWith(all[0]?.[i] ?? "")).toBe(false)
    }
    for (const client of clients) await client.close()
    const later = await openWith([old, current])
    expect(await idsOf(later)).toEqual(all[0])
    await later.close()
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
