import { Encoding, Metric } from "effect"
import { expect, it } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import type { ImportKeyData } from "../../client/ImportTypes.js"
import { InvalidKeyError, KeyConflictError, RevokedKeyError } from "../../domain/Errors.js"
import { hmac, issueKey, makeAcme, makeForeignKey, rejects, sha256 } from "./clientFixtures.js"
import { makeSecrets, makeWithClients, type OpenWithSecrets } from "./clientSecrets.js"

type Told = Pick<ImportKeyData, "digest" | "plaintext">

/** What an import may tell of a plaintext without any secret. */
const tellings: ReadonlyArray<readonly [title: string, tell: (text: string) => Promise<Told>]> = [
  ["its plaintext", (plaintext) => Promise.resolve({ plaintext })],
  [
    "its SHA-256",
    async (text) => ({ digest: { algorithm: "sha256", hex: Encoding.encodeHex(await sha256(text)) } as const })
  ]
]

const byHmac = async (text: string, secret: string, previousSecret?: number): Promise<Told> => ({
  digest: { algorithm: "hmac-sha256", hex: Encoding.encodeHex(await hmac(text, secret)), previousSecret }
})

const imports = (client: ApiKeyClient, organizationId: string, told: Told, fields: Partial<ImportKeyData> = {}) =>
  client.importKey({ organizationId, ...told, ...fields } as ImportKeyData)

/** How often two keys were found under one plaintext, in this process. */
const contested = (): number =>
  Metric.unsafeSnapshot().reduce(
    (sum, { metricKey, metricState }) =>
      metricKey.name === "apikeys_contested_keys" && "count" in metricState ? sum + Number(metricState.count) : sum,
    0
  )

export const clientPlaintexts = (openWith: OpenWithSecrets): void => {
  const withClients = makeWithClients(openWith)

  for (const [first, tellFirst] of tellings) {
    for (const [second, tellSecond] of tellings) {
      it(`leaves a key that came by ${first} to its organization, when another imports ${second} by a new secret`, async () => {
        const [old, current] = makeSecrets()
        await withClients([[old], [current, old]], async (...clients) => {
          const [before, during] = clients as [ApiKeyClient, ApiKeyClient]
          const [one, other] = [await makeAcme(before), await makeAcme(before)]
          const text = makeForeignKey()
          const { key } = await imports(before, one.id, await tellFirst(text))
          const again = async () => imports(during, other.id, await tellSecond(text))
          await rejects(again(), KeyConflictError, { field: "digest" })
          expect((await during.verifyKey(text)).key.id).toBe(key.id)
          await rejects(again(), KeyConflictError, { field: "digest" })
          await during.revokeKey(key.id)
          await rejects(again(), KeyConflictError, { field: "digest" })
          await rejects(during.verifyKey(text), RevokedKeyError, { keyId: key.id })
        })
      })

      it(`keeps a plaintext revoked that came by ${first} and comes again by ${second}`, async () => {
        const [old, current] = makeSecrets()
        await withClients([[old], [current, old]], async (...clients) => {
          const [before, during] = clients as [ApiKeyClient, ApiKeyClient]
          const { id } = await makeAcme(before)
          for (const used of [false, true]) {
            const text = makeForeignKey()
            const { key } = await imports(before, id, await tellFirst(text))
            if (used) await during.verifyKey(text)
            await during.revokeKey(key.id)
            for (const client of [before, during]) {
              // By the new secret's digest, once it was used: the old client does not know it.
              if (used && client === before) continue
              expect(await imports(client, id, await tellSecond(text))).toMatchObject({
                created: false,
                key: { id: key.id, status: "revoked" }
              })
              await rejects(client.verifyKey(text), RevokedKeyError)
            }
          }
        })
      })
    }

    it(`does not bring a plaintext back that was rotated away, by ${first}`, async () => {
      const [old, current] = makeSecrets()
      await withClients([[old], [current, old]], async (...clients) => {
        const [before, during] = clients as [ApiKeyClient, ApiKeyClient]
        const { id } = await makeAcme(before)
        const text = makeForeignKey()
        const { key } = await imports(before, id, await tellFirst(text))
        await before.rotateKey(key.id)
        for (const client of [before, during]) {
          expect(await imports(client, id, await tellFirst(text))).toMatchObject({
            created: false,
            key: { id: key.id }
          })
          await rejects(client.verifyKey(text), InvalidKeyError)
        }
      })
    })
  }

  it("leaves an issued key to its organization, when another imports its plaintext by a new secret", async () => {
    const [old, current] = makeSecrets()
    await withClients([[old], [current, old]], async (...clients) => {
      const [before, during] = clients as [ApiKeyClient, ApiKeyClient]
      const { key, plaintext } = await issueKey(before)
      const other = await makeAcme(during)
      await rejects(imports(during, other.id, { plaintext }), KeyConflictError, { field: "digest" })
      // Nobody can tell that the SHA-256 is this key's, and it opens nothing.
      await imports(during, other.id, {
        digest: { algorithm: "sha256", hex: Encoding.encodeHex(await sha256(plaintext)) }
      })
      expect((await during.verifyKey(plaintext)).key.id).toBe(key.id)
    })
  })

  it("keeps one key of a plaintext that is imported in all ways, at once, by clients of either secret", async () => {
    const [old, next] = makeSecrets()
    await withClients(
      [
        [old, next],
        [next, old]
      ],
      async (...clients) => {
        for (let round = 0; round < 5; round++) {
          const text = makeForeignKey()
          const organizations = await Promise.all(Array.from({ length: 8 }, () => makeAcme(clients[0] as ApiKeyClient)))
          const told = await Promise.all(tellings.map(([, tell]) => tell(text)))
          const results = await Promise.allSettled(
            organizations.map(({ id }, i) =>
              imports(clients[i % 2] as ApiKeyClient, id, told[Math.floor(i / 2) % 2] as Told)
            )
          )
          expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
          for (const client of clients) expect((await client.verifyKey(text)).key.useCount).toBeGreaterThan(0)
        }
      }
    )
  })

  it("refuses a plaintext that two organizations hold by digests which tell nothing of each other, and counts it", async () => {
    const [old, current] = makeSecrets()
    await withClients([[current, old]], async (...clients) => {
      const [client] = clients as [ApiKeyClient]
      const [one, other] = [await makeAcme(client), await makeAcme(client)]
      const text = makeForeignKey()
      await imports(client, one.id, await byHmac(text, old, 0))
      const { key } = await imports(client, other.id, await byHmac(text, current))
      const before = contested()
      await rejects(client.verifyKey(text), InvalidKeyError)
      expect(contested()).toBeGreaterThan(before)
      await client.deleteKey(key.id)
      const known = async () => (await client.verifyKey(text)).key.organizationId
      await expect.poll(() => known().catch(String), { timeout: 20_000 }).toBe(one.id)
    })
  })

  it("lets the one that ended decide, of two keys of an organization under one plaintext", async () => {
    const [old, current] = makeSecrets()
    await withClients([[current, old]], async (...clients) => {
      const [client] = clients as [ApiKeyClient]
      const { id } = await makeAcme(client)
      for (const ended of [0, 1]) {
        const text = makeForeignKey()
        const told = [await byHmac(text, old, 0), await byHmac(text, current)] as const
        const keys = [await imports(client, id, told[0]), await imports(client, id, told[1])] as const
        const { key } = keys[ended as 0 | 1]
        await rejects(client.verifyKey(text), InvalidKeyError)
        await client.revokeKey(key.id)
        const error = () => client.verifyKey(text).catch((error: unknown) => error)
        await expect.poll(error, { timeout: 20_000 }).toMatchObject({ _tag: "RevokedKeyError", keyId: key.id })
      }
    })
  })
}
