import { Encoding } from "effect"
import { expect, it } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import type { ImportKeyData, RefusedImport } from "../../client/ImportTypes.js"
import {
  AlreadyExistsError,
  InvalidInputError,
  InvalidKeyError,
  KeyConflictError,
  NotFoundError,
  RevokedKeyError
} from "../../domain/Errors.js"
import { uniqueName } from "../fixtures.js"
import {
  absentId,
  hmac,
  makeAcme,
  makeForeignKey,
  makeTenants,
  type OpenedClient,
  race,
  rejects,
  sha256
} from "./clientFixtures.js"

const anyDigest = () =>
  ({
    algorithm: "hmac-sha256",
    hex: Encoding.encodeHex(crypto.getRandomValues(new Uint8Array(32)))
  }) as const

export const clientImports = (
  opened: OpenedClient,
  openClient: (environment: string) => Promise<ApiKeyClient>,
  signingSecret: string
): void => {
  it("takes over a key by any of its digests, or by its plaintext, and verifies it ever after", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const forms: ReadonlyArray<(text: string) => Promise<Pick<ImportKeyData, "digest" | "plaintext">>> = [
      async (text) => ({
        digest: { algorithm: "hmac-sha256", hex: Encoding.encodeHex(await hmac(text, signingSecret)) }
      }),
      async (text) => ({ digest: { algorithm: "sha256", hex: Encoding.encodeHex(await sha256(text)).toUpperCase() } }),
      async (text) => ({ digest: { algorithm: "sha256", base64: Encoding.encodeBase64(await sha256(text)) } }),
      async (text) => ({ digest: { algorithm: "sha256", base64url: Encoding.encodeBase64Url(await sha256(text)) } }),
      (plaintext) => Promise.resolve({ plaintext })
    ]
    for (const form of forms) {
      const text = makeForeignKey()
      const input = { organizationId, ...(await form(text)) } as ImportKeyData
      const { created, key } = await client.importKey(input)
      expect(created).toBe(true)
      expect((await client.verifyKey(text)).key).toMatchObject({ id: key.id, useCount: 1 })
      expect((await client.verifyKey(text)).key.useCount).toBe(2)
      // Also after the first use, when an unkeyed digest is one no more.
      expect(await client.importKey(input)).toMatchObject({ created: false, key: { id: key.id, useCount: 2 } })
      await rejects(client.verifyKey(`${text.slice(0, -1)}${text.endsWith("x") ? "y" : "x"}`), InvalidKeyError)
    }
  })

  it("keeps the whole history of a key", async () => {
    const client = opened()
    const { organizationId, projectId } = await makeTenants(client)
    const history = {
      id: absentId(),
      organizationId,
      projectId,
      name: "Alice's key",
      scopes: ["read"],
      metadata: { plan: "pro" },
      expiresAt: new Date("2024-06-01T00:00:00Z"),
      createdAt: new Date("2023-01-02T03:04:05.678Z"),
      useCount: 4711,
      lastUsedAt: new Date("2024-05-06T07:08:09Z"),
      revokedAt: new Date("2024-05-07T00:00:00Z"),
      revokedReason: "left",
      hint: "old_live_AbCd…"
    }
    const { key } = await client.importKey({ ...history, digest: anyDigest() })
    expect(key).toMatchObject({ ...history, status: "revoked" })
    expect(await client.getKey(history.id)).toEqual(key)
    const plaintext = makeForeignKey()
    const imported = await client.importKey({ organizationId, plaintext, revokedAt: history.revokedAt })
    expect(imported.key.hint).toBe(`${plaintext.slice(0, 13)}…`)
    await rejects(client.verifyKey(plaintext), RevokedKeyError, { keyId: imported.key.id })
  })

  it("verifies a key once for each of 20 first uses at once, and finds it in all forms ever after", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const text = makeForeignKey()
    const digest = { algorithm: "sha256", hex: Encoding.encodeHex(await sha256(text)) } as const
    const { key } = await client.importKey({ organizationId, digest })
    const { fulfilled } = await race(20, () => client.verifyKey(text))
    expect(fulfilled).toHaveLength(20)
    expect((await client.getKey(key.id)).useCount).toBe(20)
    for (const told of [{ digest }, { plaintext: text }]) {
      expect(await client.importKey({ organizationId, ...told })).toMatchObject({ created: false, key: { id: key.id } })
    }
    await client.deleteKey(key.id)
    await rejects(client.verifyKey(text), InvalidKeyError)
  })

  it("refuses what breaks a rule, and tells which", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    const digest = anyDigest()
    const nothing = Encoding.encodeHex(await sha256(""))
    const keyedNothing = Encoding.encodeHex(await hmac("", signingSecret))
    const cases: ReadonlyArray<readonly [fields: object, path: string]> = [
      [{}, ""],
      [{ digest, plaintext: makeForeignKey() }, ""],
      [{ digest: { algorithm: "md5", hex: digest.hex } }, "digest.algorithm"],
      [{ digest: { algorithm: "sha256" } }, "digest"],
      [{ digest: { ...digest, base64: "AA==" } }, "digest"],
      [{ digest: { algorithm: "sha256", hex: digest.hex.slice(2) } }, "digest"],
      [{ digest: { algorithm: "sha256", hex: nothing } }, "digest"],
      [{ digest: { algorithm: "hmac-sha256", hex: keyedNothing } }, "digest"],
      // This client has no previous secrets.
      ...[0, -1, 0.5, "0", null].map((previousSecret): readonly [object, string] => [
        { digest: { ...digest, previousSecret } },
        "digest.previousSecret"
      ]),
      [{ plaintext: "" }, "plaintext"],
      [{ plaintext: makeForeignKey("test") }, "plaintext"],
      [{ digest, scopes: ["read", "docs:*"] }, "scopes.1"],
      [{ digest, scopes: ["*"] }, "scopes.0"],
      [{ digest, hint: makeForeignKey() }, "hint"],
      [{ digest, useCount: -1 }, "useCount"],
      [{ digest, useCount: 0.5 }, "useCount"],
      [{ digest, revokedReason: "left" }, "revokedReason"],
      [{ digest, id: "7" }, "id"],
      [{ digest, secret: "x" }, "secret"],
      [{ digest, projectId, productId }, "productId"]
    ]
    for (const [fields, path] of cases) {
      const call = client.importKey({ organizationId, ...fields } as never)
      const error = await rejects(call, InvalidInputError)
      expect(error.issues[0]?.path).toBe(path)
    }
    await rejects(client.importKey({ organizationId: absentId(), digest }), NotFoundError, { entity: "organization" })
    const granted = await client.importKey({ organizationId, digest, scopes: ["docs:*"] }, { wildcards: "grant" })
    expect(granted.key.scopes).toEqual(["docs:*"])
  })

  it("names nobody to whoever imports what another organization holds", async () => {
    const client = opened()
    const [one, other] = [await makeAcme(client), await makeAcme(client)]
    const digest = anyDigest()
    const { key } = await client.importKey({ organizationId: one.id, digest })
    const error = await rejects(client.importKey({ organizationId: other.id, digest }), KeyConflictError, {
      code: "key_conflict",
      field: "digest"
    })
    expect(JSON.stringify(error)).not.toMatch(new RegExp(`${one.id}|${key.id}`))
    const sameId = client.importKey({ organizationId: other.id, id: key.id, digest: anyDigest() })
    await rejects(sameId, KeyConflictError, { field: "id" })
    const anotherId = client.importKey({ organizationId: one.id, id: absentId(), digest })
    await rejects(anotherId, KeyConflictError, { field: "digest" })
  })

  it("imports many from a stream, reports what it refused item by item, and changes nothing when run again", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const rows = Array.from({ length: 1200 }, (_, n): ImportKeyData => {
      const name = n % 100 === 7 ? " " : `Key ${n}`
      return { id: absentId(), organizationId, digest: anyDigest(), name }
    })
    rows[50] = { ...rows[50], scopes: ["*"] } as ImportKeyData
    const source = async function* () {
      yield* rows
    }
    const refused: Array<RefusedImport> = []
    const steps: Array<number> = []
    const first = await client.importKeys(source(), {
      batchSize: 500,
      onRefused: (refusal) => refused.push(refusal),
      onProgress: ({ existing, imported, refused }) => steps.push(imported + existing + refused)
    })
    expect(first).toEqual({ imported: 1187, existing: 0, refused: 13 })
    expect(steps).toEqual([500, 1000, 1200])
    expect(refused[0]).toEqual({ index: 7, id: rows[7]?.id, issues: [{ path: "name", rule: "is blank" }] })
    expect(refused[1]).toMatchObject({ index: 50, issues: [{ path: "scopes.0", rule: "is a wildcard here" }] })
    const second = await client.importKeys(rows)
    expect(second).toEqual({ imported: 0, existing: 1187, refused: 13 })
    expect((await client.getKey(String(rows[0]?.id))).name).toBe("Key 0")
  })

  it("ends once more are refused than it was told, and keeps the batches before", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const row = (n: number, name: string) => ({
      organizationId,
      id: absentId(),
      digest: anyDigest(),
      name: `${name}${n}`
    })
    const rows = Array.from({ length: 30 }, (_, n) => (n % 10 < 7 ? row(n, "Key ") : { ...row(n, ""), name: " " }))
    const refused: Array<number> = []
    const onRefused = ({ index }: RefusedImport) => refused.push(index)
    const options = { batchSize: 10, onRefused }
    const error = await rejects(client.importKeys(rows, { ...options, maxRefused: 5 }), InvalidInputError)
    expect(error.issues).toEqual([{ path: "", rule: "more than 5 keys were refused" }])
    expect(refused).toEqual([7, 8, 9, 17, 18, 19])
    expect(await client.importKeys(rows, { ...options, maxRefused: 9 })).toEqual({
      imported: 14,
      existing: 7,
      refused: 9
    })
    // What the store refuses counts as well.
    const taken = rows.slice(0, 7).map(({ digest }) => ({ organizationId, id: absentId(), digest }))
    await rejects(client.importKeys(taken, { maxRefused: 6 }), InvalidInputError)
    await rejects(client.importKeys([], { maxRefused: -1 }), InvalidInputError)
  })

  it("rejects with what the source or a callback throws, and keeps what came before", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const broken = function* () {
      for (let n = 0; n < 300; n++) yield { organizationId, digest: anyDigest() }
      throw new RangeError("the source broke")
    }
    await expect(client.importKeys(broken(), { batchSize: 128 })).rejects.toThrow(RangeError)
    const onRefused = () => Promise.reject(new TypeError("nobody listens"))
    await expect(client.importKeys([{} as never], { onRefused })).rejects.toThrow(TypeError)
    await rejects(client.importKeys([], { batchSize: 0 }), InvalidInputError)
    expect(await client.importKeys([])).toEqual({ imported: 0, existing: 0, refused: 0 })
  })

  it("accepts foreign keys of its own environment alone, and masks them", async () => {
    const client = opened()
    const test = await openClient("test")
    const { id: organizationId } = await makeAcme(client)
    const plaintext = makeForeignKey()
    await client.importKey({ organizationId, plaintext })
    await rejects(test.verifyKey(plaintext), InvalidKeyError)
    expect((await client.verifyKey(plaintext)).key.useCount).toBe(1)
    await test.close()
    expect(client.redact(`with ${plaintext}.`)).toBe(`with ${plaintext.slice(0, 13)}….`)
    expect(plaintext).toMatch(new RegExp(`^${client.keyPattern}$`))
  })

  it("takes over tenants under their ids, once", async () => {
    const client = opened()
    const createdAt = new Date("2022-03-04T05:06:07.890Z")
    const organization = { id: absentId(), name: uniqueName(), createdAt }
    expect(await client.importOrganization(organization)).toEqual([organization, true])
    expect(await client.importOrganization({ ...organization, name: "Renamed" })).toEqual([organization, false])
    await rejects(client.importOrganization({ id: absentId(), name: organization.name }), AlreadyExistsError)
    const organizationId = organization.id
    const other = await makeAcme(client)
    for (const member of ["importProject", "importProduct"] as const) {
      const owned = { id: absentId(), organizationId, name: "Website", createdAt }
      const { fulfilled } = await race(10, () => client[member](owned))
      expect(fulfilled.filter(([, created]) => created)).toHaveLength(1)
      for (const [entity] of fulfilled) expect(entity).toEqual(owned)
      await rejects(client[member]({ ...owned, organizationId: other.id, name: "B" }), InvalidInputError)
      await rejects(client[member]({ ...owned, id: absentId(), organizationId: absentId() }), NotFoundError)
    }
  })
}
