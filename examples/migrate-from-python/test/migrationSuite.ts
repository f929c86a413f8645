import {
  ApiKeyClient,
  ExpiredKeyError,
  InvalidKeyError,
  KeyNotAllowedError,
  pythonKeys,
  RevokedKeyError
} from "@apikeys/core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { DatabasePlace } from "../src/databaseUrl.js"
import { migrate } from "../src/migrate.js"
import type { MigrationOptions } from "../src/options.js"
import { storeOf } from "../src/store.js"
import { environment, ids, keys, prefix, signingSecret } from "./oldDatabase/rows.js"
import { Recorder } from "./Recorder.js"

export const optionsOf = (
  from: DatabasePlace,
  to: DatabasePlace,
  others: Partial<MigrationOptions> = {}
): MigrationOptions => ({
  from,
  to,
  signingSecret,
  oldSigningSecret: signingSecret,
  prefix,
  environment,
  digests: "auto",
  upgradedAt: null,
  wildcards: "refuse",
  invalidScopes: "refuse",
  zeroLimits: "refuse",
  ...others
})

export const openClient = async (to: DatabasePlace, previousSigningSecrets: ReadonlyArray<string> = []) =>
  ApiKeyClient.open({
    store: await storeOf(to),
    signingSecret,
    previousSigningSecrets,
    keyPrefix: "myapp",
    acceptForeignKeys: [pythonKeys({ prefix, environment })],
    // What was unknown is remembered for a moment, and a migration is another process.
    cache: false
  })

/** The lines about single rows, in any order: that of ids is theirs, and differs between databases. */
const expectedLines = [
  `organization ${ids.alsoAcme}: is "Acme (10000002)" from now on`,
  `product ${ids.blank}: is "Unnamed (30000002)" from now on`,
  `link ${ids.website} to ${ids.foreignProduct}: refused: its product is not there`,
  `key ${keys.unlinked.id}: its project ${ids.empty} has no products, so it passes for none`,
  `key ${keys.zoneless.id}: its expiry 2099-01-02T03:04:05 has no zone, and is read as UTC`,
  `key ${keys.of01.id}: of 0.1: 60 a minute, a SHA-256 digest`,
  `key ${keys.furtherMember.id}: left behind of its metadata: tier`,
  `key ${keys.zeroLimit.id}: refused: its rate limit is 0, see --zero-limits`,
  `key ${keys.wildcard.id}: refused: scopes.0 is a wildcard here, see --wildcards`,
  `key ${keys.invalidScope.id}: refused: scopes.1 holds a character that a scope may not have, see --invalid-scopes`,
  `key ${keys.ofForeignProject.id}: refused: projectId is not there`,
  `key ${keys.unlinkedPair.id}: refused: productId is not linked to the project`,
  `key ${keys.strangeMetadata.id}: refused: its name is not a text`,
  `key ${keys.noDigest.id}: refused: digest is not 32 bytes, written as it says`
]

/** How the report ends; `zoneless` dates have no zone in them, the one of an expiry included. */
const expectedSummary = (zoneless: number) => [
  "organizations: 2 imported, 0 there already, 0 refused",
  "projects: 3 imported, 0 there already, 0 refused",
  "products: 3 imported, 0 there already, 0 refused",
  "links: 1 imported, 0 there already, 1 refused",
  "keys: 11 imported, 0 there already, 7 refused",
  "8 refused: what the lines about them say is not carried over",
  "2 given another name, since theirs was taken or blank",
  "1 keys of 0.1: their limits are per minute, their digests SHA-256 until the keys are used",
  "1 keys without a limit in a database that has keys of 0.1: taken as of 0.2, see --upgraded-at",
  `${zoneless} dates without a zone in them: read as UTC`,
  "1 keys with further members in their metadata, which are left behind",
  "1 keys of a project without products: the old library let them pass for any product, this one for none",
  'Open your client with acceptForeignKeys: [pythonKeys({ prefix: "sk", environment: "live" })], and these keys verify.'
]

/** What every database of the old library comes to, whatever it is on. */
export const migrationSuite = (
  title: string,
  places: () => { readonly from: DatabasePlace; readonly to: DatabasePlace },
  { zoneless }: { readonly zoneless: number }
) =>
  describe(title, { timeout: 120_000 }, () => {
    const first = new Recorder()
    const second = new Recorder()
    let client: ApiKeyClient

    beforeAll(async () => {
      const { from, to } = places()
      await migrate(optionsOf(from, to), first)
      await migrate(optionsOf(from, to), second)
      client = await openClient(to)
    })
    afterAll(() => client?.close())

    it("reports on every row that is not as it was, and counts", () => {
      const summary = expectedSummary(zoneless)
      expect([...first.lines.slice(0, -summary.length)].sort()).toEqual([...expectedLines].sort())
      expect(first.lines.slice(-summary.length)).toEqual(summary)
      expect(first.errors).toMatch(/18 of 18 keys, [\d,]+ a second\n$/)
    })

    it("changes nothing when it is run again, and says so", () => {
      expect(second.lines).toEqual(
        expect.arrayContaining([
          "organizations: 0 imported, 2 there already, 0 refused",
          "projects: 0 imported, 3 there already, 0 refused",
          "products: 0 imported, 3 there already, 0 refused",
          "links: 0 imported, 1 there already, 1 refused",
          "keys: 0 imported, 11 there already, 7 refused",
          "Nothing was changed."
        ])
      )
      expect(second.lines.filter((line) => line.includes("from now on"))).toEqual([])
    })

    it("keeps ids, names, dates, counts and metadata", async () => {
      expect(await client.getOrganization(ids.acme)).toMatchObject({
        name: "Acme",
        createdAt: new Date("2024-01-02T03:04:05.678Z")
      })
      expect(await client.getProject(ids.website)).toMatchObject({ organizationId: ids.acme, name: "Website" })
      expect((await client.listProductsOfProject({ projectId: ids.website })).items).toMatchObject([
        { id: ids.weather, name: "Weather" }
      ])
      expect(await client.getKey(keys.plain.id)).toMatchObject({
        organizationId: ids.acme,
        name: "Alice's key — ключ 🔑",
        hint: "sk_live_AbCd…",
        scopes: ["read", "write"],
        rateLimits: [{ name: "default", requests: 1000, window: "hour" }],
        metadata: { userId: "u_alice", nested: { plan: ["pro", 1.5, true, null] } },
        useCount: 42,
        createdAt: new Date("2024-01-02T03:04:05.678Z"),
        lastUsedAt: new Date("2024-03-04T05:06:07Z"),
        expiresAt: null,
        revokedAt: null
      })
      const { expiresAt } = await client.getKey(keys.zoneless.id)
      expect(expiresAt).toEqual(new Date("2099-01-02T03:04:05Z"))
      expect((await client.getKey(keys.of01.id)).rateLimits).toMatchObject([{ requests: 60, window: "minute" }])
    })

    it.each(["plain", "ofProject", "ofProduct", "ofBoth", "zoneless", "of01", "unsure", "furtherMember"] as const)(
      "verifies the old plaintext of %s",
      async (name) => {
        const { id, plaintext } = keys[name]
        const before = await client.getKey(id)
        const { key } = await client.validateKey(plaintext)
        expect(key).toMatchObject({ id, useCount: before.useCount + 1 })
      }
    )

    it("holds keys to what they are for", async () => {
      const weather = { productId: ids.weather }
      for (const { plaintext } of [keys.ofProject, keys.ofProduct, keys.ofBoth]) {
        expect((await client.validateKey(plaintext, weather)).key.organizationId).toBe(ids.acme)
      }
      await expect(client.validateKey(keys.unlinked.plaintext, weather)).rejects.toBeInstanceOf(KeyNotAllowedError)
      const { limits } = await client.validateKey(keys.plain.plaintext, { requiredScopes: ["write"] })
      expect(limits).toMatchObject([{ name: "default", requests: 1000, window: "hour" }])
    })

    it("tells of a key that has ended how it did", async () => {
      await expect(client.validateKey(keys.revoked.plaintext)).rejects.toThrow(
        expect.objectContaining({ _tag: "RevokedKeyError", keyId: keys.revoked.id })
      )
      const revoked = await client.validateKey(keys.revoked.plaintext).catch((error: unknown) => error)
      expect(revoked).toBeInstanceOf(RevokedKeyError)
      expect((await client.getKey(keys.revoked.id)).revokedAt).toEqual(new Date("2024-05-06T07:08:09.123Z"))
      const expired = await client.validateKey(keys.expired.plaintext).catch((error: unknown) => error)
      expect(expired).toBeInstanceOf(ExpiredKeyError)
      expect((await client.getKey(keys.expired.id)).expiresAt).toEqual(new Date("2024-02-01T00:00:00.500Z"))
    })

    it("knows nothing of the keys that it refused, nor of a plaintext of another environment", async () => {
      for (const name of ["zeroLimit", "wildcard", "invalidScope", "ofForeignProject", "unlinkedPair"] as const) {
        await expect(client.validateKey(keys[name].plaintext)).rejects.toBeInstanceOf(InvalidKeyError)
      }
      const test = keys.plain.plaintext.replace("_live_", "_test_")
      await expect(client.validateKey(test)).rejects.toBeInstanceOf(InvalidKeyError)
    })

    it("takes what it refused once it is told how", async () => {
      const { from, to } = places()
      const third = new Recorder()
      const options = { wildcards: "grant", invalidScopes: "drop", zeroLimits: "unlimited" } as const
      const report = await migrate(optionsOf(from, to, options), third)
      expect(report.tallies.key).toEqual({ imported: 3, existing: 11, refused: 4 })
      expect(third.lines).toEqual(
        expect.arrayContaining([
          `key ${keys.zeroLimit.id}: its limit of 0 is dropped`,
          `key ${keys.invalidScope.id}: left behind, since they are no scopes here: ["read all"]`,
          "1 keys without scopes that are none here",
          "1 keys without their limit of 0: unlimited now"
        ])
      )
      expect(third.lines).not.toContain("Nothing was changed.")
      await client.validateKey(keys.wildcard.plaintext, { requiredScopes: ["docs:read"] })
      await client.validateKey(keys.invalidScope.plaintext, { requiredScopes: ["read"] })
      expect((await client.validateKey(keys.zeroLimit.plaintext)).limits).toEqual([])
    })
  })
