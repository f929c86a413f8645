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
  prefixes: [prefix],
  environments: [environment],
  digests: "auto",
  upgradedAt: null,
  wildcards: "refuse",
  invalidScopes: "refuse",
  zeroLimits: "refuse",
  largeNumbers: "refuse",
  links: "keep",
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
  `link ${ids.website} to ${ids.foreignProduct}: refused: its product belongs to another organization`,
  `key ${keys.ofProject.id}: no link there from its project to 1 products of its organization: refused for these here, see --links`,
  `key ${keys.ofProduct.id}: no link there to its product from 1 projects of its organization: refused for these here, see --links`,
  `key ${keys.unlinked.id}: no link there from its project to 2 products of its organization: refused for these here, see --links`,
  `key ${keys.zoneless.id}: its expiry 2099-01-02T03:04:05 has no zone, and is read as UTC`,
  `key ${keys.of01.id}: of 0.1: 60 a minute, a SHA-256 digest`,
  `key ${keys.furtherMember.id}: left behind of its metadata: tier`,
  `key ${keys.zeroLimit.id}: refused: its rate limit is 0, see --zero-limits`,
  `key ${keys.negativeLimit.id}: refused: its rate limit is -5, see --zero-limits`,
  `key ${keys.largeNumber.id}: refused: numbers above 2^53, which would change: custom.account.id, see --large-numbers`,
  `key ${keys.wildcard.id}: refused: scopes.0 is a wildcard here, see --wildcards`,
  `key ${keys.invalidScope.id}: refused: scopes.1 holds a character that a scope may not have, see --invalid-scopes`,
  `key ${keys.ofForeignProject.id}: refused: its project belongs to another organization`,
  `key ${keys.unlinkedPair.id}: refused: productId is not linked to the project, see --links`,
  `key ${keys.strangeMetadata.id}: refused: its name is not a text`,
  `key ${keys.noDigest.id}: refused: digest is not 32 bytes, written as it says`
]

/** How the report ends. */
const expectedSummary = [
  "organizations: 2 imported, 0 there already, 0 refused",
  "projects: 3 imported, 0 there already, 0 refused",
  "products: 3 imported, 0 there already, 0 refused",
  "links: 1 imported, 0 there already, 1 refused",
  "keys: 11 imported, 0 there already, 9 refused",
  "10 refused: what the lines about them say is not carried over",
  "2 given another name, since theirs was taken or blank",
  "1 keys of 0.1: their limits are per minute, their digests SHA-256 until the keys are used",
  "1 keys without a limit in a database that has keys of 0.1: taken as of 0.2, see --upgraded-at",
  "1 keys whose expiry has no zone in it: read as UTC",
  "1 keys with further members in their metadata, which are left behind",
  "3 keys that are refused where there is no link, at which the old library did not look: see --links",
  'Open your client with acceptForeignKeys: [pythonKeys({ prefix: "sk", environment: "live" })]: the keys that are there verify, but for those that are revoked or expired.',
  "Limits start afresh: what keys used of a window before is not carried over."
]

/** What every database of the old library comes to, whatever it is on. */
export const migrationSuite = (
  title: string,
  places: () => { readonly from: DatabasePlace; readonly to: DatabasePlace }
) =>
  describe(title, { timeout: 120_000 }, () => {
    const first = new Recorder()
    const second = new Recorder()
    const third = new Recorder()
    let client: ApiKeyClient

    beforeAll(async () => {
      const { from, to } = places()
      await migrate(optionsOf(from, to), first)
      await migrate(optionsOf(from, to), second)
      client = await openClient(to)
    })
    afterAll(() => client?.close())

    it("reports on every row that is not as it was, and counts", () => {
      expect([...first.lines.slice(0, -expectedSummary.length)].sort()).toEqual([...expectedLines].sort())
      expect(first.lines.slice(-expectedSummary.length)).toEqual(expectedSummary)
      expect(first.errors).toMatch(/20 of 20 keys, [\d,]+ a second\n$/)
    })

    it("changes nothing when it is run again, and says so", () => {
      expect(second.lines).toEqual(
        expect.arrayContaining([
          "organizations: 0 imported, 2 there already, 0 refused",
          "projects: 0 imported, 3 there already, 0 refused",
          "products: 0 imported, 3 there already, 0 refused",
          "links: 0 imported, 1 there already, 1 refused",
          "keys: 0 imported, 11 there already, 9 refused",
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
      for (const name of [
        "zeroLimit",
        "negativeLimit",
        "largeNumber",
        "wildcard",
        "invalidScope",
        "ofForeignProject",
        "unlinkedPair"
      ] as const) {
        await expect(client.validateKey(keys[name].plaintext)).rejects.toBeInstanceOf(InvalidKeyError)
      }
      const test = keys.plain.plaintext.replace("_live_", "_test_")
      await expect(client.validateKey(test)).rejects.toBeInstanceOf(InvalidKeyError)
    })

    it("takes what it refused once it is told how", async () => {
      const { from, to } = places()
      const options = {
        wildcards: "grant",
        invalidScopes: "drop",
        zeroLimits: "unlimited",
        largeNumbers: "text",
        links: "add"
      } as const
      const report = await migrate(optionsOf(from, to, options), third)
      expect(report.tallies.key).toEqual({ imported: 6, existing: 11, refused: 3 })
      expect(report.tallies.link).toEqual({ imported: 3, existing: 1, refused: 1 })
      expect(third.lines).toEqual(
        expect.arrayContaining([
          `key ${keys.zeroLimit.id}: its limit of 0 is dropped`,
          `key ${keys.invalidScope.id}: left behind, since they are no scopes here: ["read all"]`,
          "1 keys without scopes that are none here",
          `key ${keys.negativeLimit.id}: its limit of -5 is dropped`,
          "2 keys without their limit, which admitted nothing: unlimited now",
          `key ${keys.largeNumber.id}: texts now, since they were numbers above 2^53: custom.account.id`,
          "1 keys with texts in the place of numbers above 2^53",
          ...[
            [ids.website, ids.blank],
            [ids.empty, ids.weather],
            [ids.empty, ids.blank]
          ].map(([project, product]) => `link ${project} to ${product}: added, since keys imply it`),
          "3 links that keys imply, and that were added"
        ])
      )
      expect(third.lines).not.toContain("Nothing was changed.")
      await client.validateKey(keys.wildcard.plaintext, { requiredScopes: ["docs:read"] })
      await client.validateKey(keys.invalidScope.plaintext, { requiredScopes: ["read"] })
      for (const { plaintext } of [keys.zeroLimit, keys.negativeLimit]) {
        expect((await client.validateKey(plaintext)).limits).toEqual([])
      }
      expect((await client.validateKey(keys.largeNumber.plaintext)).key.metadata).toEqual({
        account: { id: "123456789012345678" },
        largest: 9007199254740991,
        share: 0.1
      })
    })

    it("lets keys pass for what they passed for before, once their links were added", async () => {
      expect(third.lines.filter((line) => line.includes("refused for these here"))).toEqual([])
      for (const { plaintext } of [keys.ofProject, keys.unlinked]) {
        for (const productId of [ids.weather, ids.blank]) await client.validateKey(plaintext, { productId })
      }
      for (const projectId of [ids.website, ids.empty]) {
        await client.validateKey(keys.ofProduct.plaintext, { projectId })
      }
      const both = { projectId: ids.empty, productId: ids.weather }
      await client.validateKey(keys.unlinkedPair.plaintext, both)
      await expect(
        client.validateKey(keys.ofProject.plaintext, { productId: ids.foreignProduct })
      ).rejects.toBeInstanceOf(KeyNotAllowedError)
    })
  })
