import { assert } from "@effect/vitest"
import { Effect, Encoding } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { RateLimitStore } from "../ports/RateLimitStore.js"
import type { StorePorts } from "../ports/Store.js"
import { TenantStore } from "../ports/TenantStore.js"
import { UsageStore } from "../ports/UsageStore.js"
import type { ContractTest } from "./contract.js"
import {
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  instant,
  makeDigest,
  makeRateLimit
} from "./fixtures.js"
import { cellsThatMention, type RawTable } from "./rawTable.js"

/**
 * A view on the tables of a store that goes around it.
 *
 * @since 0.1.0
 */
export interface RawReads<R = never> {
  /** Every table with every row, as text, numbers and bytes: what the ports do not show as well. */
  readonly tables: Effect.Effect<ReadonlyArray<RawTable>, unknown, R>
}

const isLog = (table: string) => table.endsWith("changes")

/** What stands in the tables, and what does not. */
export const rawContract = <R>(test: ContractTest<StorePorts | R>, { tables }: RawReads<R>): void => {
  const mentions = (needle: string | Uint8Array) => Effect.map(tables, (all) => cellsThatMention(all, needle))
  // Each table is read once for all of them: there may be a lot in it.
  const assertEach = (needles: ReadonlyArray<string | Uint8Array>, stands: boolean) =>
    Effect.map(tables, (all) => {
      for (const needle of needles) {
        const cells = cellsThatMention(all, needle)
        if (stands) assert.isNotEmpty(cells, "the view on the tables does not show what was inserted")
        else assert.deepStrictEqual(cells, [])
      }
    })
  /** The log of changes names what it tells of, for a while, and says nothing else of it. */
  const assertForgotten = (ids: ReadonlyArray<string>) =>
    Effect.map(tables, (all) => {
      for (const id of ids) {
        const cells = cellsThatMention(all, id).filter(({ column, table }) => !isLog(table) || column !== "id")
        assert.deepStrictEqual(cells, [])
      }
    })
  const idempotencyKey = () => `Import ${crypto.randomUUID()}`

  test("keeps nothing of a deleted key: neither its id, nor its digest, nor what it said", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const limits = yield* RateLimitStore
      const usage = yield* UsageStore
      const { organization, product, project } = yield* insertLinked
      const marks = { name: crypto.randomUUID(), scope: crypto.randomUUID(), member: crypto.randomUUID() }
      const importKey = idempotencyKey()
      const { digest, key } = yield* insertKey(organization.id, {
        projectId: project.id,
        productId: product.id,
        name: marks.name,
        scopes: [marks.scope],
        metadata: { [marks.member]: 1 },
        idempotencyKey: importKey
      })
      const charges = [{ keyId: key.id, limits: [makeRateLimit(), makeRateLimit({ name: "b" })], cost: 1 }]
      const batch = {
        writer: crypto.randomUUID(),
        uses: [{ keyId: key.id, count: 1, lastUsedAt: instant(fixtureTime) }]
      }
      const rowsOfKey = Effect.map(mentions(key.id), (cells) => cells.filter(({ table }) => !isLog(table)).length)
      const inserted = yield* rowsOfKey
      yield* limits.charge(charges)
      yield* usage.record({ ...batch, number: 1 })
      yield* keys.update(key.id, { rateLimits: [makeRateLimit()] }, instant(fixtureTime))
      yield* keys.revoke(key.id, { at: instant(fixtureTime), reason: "gone" })

      const needles = [digest.bytes, importKey, ...Object.values(marks)]
      // That the view shows them before is what makes it worth something that it does not show them after.
      yield* assertEach([key.id, ...needles], true)
      assert.isAbove(yield* rowsOfKey, inserted, "the view shows no counters")

      yield* keys.delete(key.id)
      yield* assertForgotten([key.id])
      yield* assertEach(needles, false)
      yield* limits.charge(charges)
      yield* usage.record({ ...batch, number: 2 })
      yield* keys.update(key.id, { name: "Late" }, instant(fixtureTime))
      yield* assertForgotten([key.id])
      yield* assertEach(needles, false)
    }))

  test("keeps nothing of a deleted organization", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const tenants = yield* TenantStore
      const { organization, product, project } = yield* insertLinked
      const { key } = yield* insertKey(organization.id)
      yield* keys.delete(key.id)
      const needles = [organization.id, project.id, product.id, organization.name, project.name, product.name]
      yield* assertEach(needles, true)
      yield* tenants.deleteOrganization(organization.id)
      yield* assertEach(needles, false)
    }))

  test("keeps digests in one table, and what did not come to be in none", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const importKey = idempotencyKey()
      const { digest, key } = yield* insertKey(id, { idempotencyKey: importKey, idempotencyDigest: null })
      const where = yield* mentions(digest.bytes)
      assert.strictEqual(new Set(where.map(({ table }) => table)).size, 1)
      const retried = { key, digest: makeDigest(), idempotencyKey: importKey, idempotencyDigest: null }
      assert.strictEqual((yield* keys.insert(retried))._tag, "Existing")
      assert.deepStrictEqual(yield* mentions(retried.digest.bytes), [])
      yield* keys.findByDigests([retried.digest.bytes, digest.bytes])
      assert.deepStrictEqual(yield* mentions(retried.digest.bytes), [])
    }))

  test("keeps no plaintext of which it was given the digest", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const plaintext = `myapp_${Encoding.encodeHex(crypto.getRandomValues(new Uint8Array(24)))}`
      const hash = yield* Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(plaintext)))
      const { key } = yield* insertKey(id)
      const digest = { ...makeDigest(), bytes: new Uint8Array(hash) }
      yield* keys.delete(key.id)
      yield* keys.insert({ key, digest, idempotencyKey: null, idempotencyDigest: null })
      assert.isNotEmpty(yield* mentions(digest.bytes))
      assert.deepStrictEqual(yield* mentions(plaintext), [])
    }))
}
