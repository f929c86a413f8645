import { KeyStore, OrganizationId, RevokedKeyError } from "@apikeys/core"
import { makeKey } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ClientJobs, openClient } from "../processes/clients.js"
import { startProcess } from "../processes/process.js"
import { sleep } from "../processes/sleep.js"
import type { SqlBackend } from "./SqlBackend.js"

const keys = 40_000
const batch = 1000

/** What a call has unless it says otherwise. */
const timeout = "2 seconds"

/** Far more than the second that is promised: machines do something else as well. */
const bound = 10_000

type Client = Awaited<ReturnType<typeof openClient>>

/** When a key is refused as revoked. */
const refusalOf = async (client: Client, plaintext: string): Promise<number> => {
  const until = Date.now() + 2 * bound
  for (;;) {
    const error: unknown = await client.validateKey(plaintext).then(
      () => null,
      (reason: unknown) => reason
    )
    if (error instanceof RevokedKeyError) return Date.now()
    if (Date.now() > until) throw error ?? new Error("it still passes")
    await sleep(10)
  }
}

/**
 * The revocation of all keys of an owner who has a great many.
 *
 * @param worker the file that takes up the jobs of clients
 */
export const ownerRevocationSuite = ({
  emptyDatabase,
  layer,
  query,
  title,
  worker
}: Pick<SqlBackend, "emptyDatabase" | "layer" | "query" | "title"> & { readonly worker: URL }): void => {
  const opened = (store: ReturnType<typeof layer>, cached: boolean) =>
    Effect.acquireRelease(
      Effect.promise(() => openClient(store, cached ? {} : { cache: false })),
      (client) => Effect.promise(() => client.close())
    )

  /** An organization with so many keys that nobody holds, and three whose plaintexts are known. */
  const filled = Effect.gen(function* () {
    const address = yield* emptyDatabase
    const client = yield* opened(layer(address), false)
    const { id } = yield* Effect.promise(() => client.createOrganization({ name: "Acme" }))
    const organizationId = OrganizationId.make(id)
    yield* Effect.gen(function* () {
      const store = yield* KeyStore
      for (let i = 0; i < keys / batch; i++) {
        const imports = Array.from({ length: batch }, () => ({
          key: makeKey(organizationId),
          digest: { bytes: crypto.getRandomValues(new Uint8Array(32)), secretId: "fixture" },
          otherDigests: [],
          otherIds: []
        }))
        yield* store.insertMany(imports)
      }
    }).pipe(Effect.provide(layer(address)))
    const held = yield* Effect.promise(async () => {
      const plaintexts: Array<string> = []
      for (let i = 0; i < 3; i++) plaintexts.push((await client.createKey({ organizationId })).plaintext)
      return plaintexts
    })
    const count = (statement: string) =>
      Effect.promise(async () => Number((await query(address, statement))[0]?.["n"] ?? Number.NaN))
    return {
      address,
      organizationId,
      held: held as [string, string, string],
      written: count("select count(*) as n from apikeys_keys where revoked_at is not null"),
      fences: count("select count(*) as n from apikeys_fences")
    }
  })

  describe(`the revocation of ${keys} keys on ${title}`, () => {
    it.scopedLive(
      "meets the deadline of each of its calls, says how many, and is obeyed before it is through",
      () =>
        Effect.gen(function* () {
          const { address, fences, held, organizationId, written } = yield* filled
          const client = yield* opened(layer(address, { timeout }), true)
          const other = yield* opened(layer(address, { timeout }), true)
          yield* Effect.promise(() => other.validateKey(held[0]))
          const began = Date.now()
          const revoking = client.revokeKeys({ organizationId, reason: "left" })
          const refused = yield* Effect.promise(() => refusalOf(other, held[0]))
          assert.isBelow(refused - began, bound)
          assert.strictEqual(yield* Effect.promise(() => revoking), keys + held.length)
          // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
          console.info(`${title}: refused after ${refused - began} ms, all written after ${Date.now() - began}`)
          assert.deepStrictEqual([yield* written, yield* fences], [keys + held.length, 0])
        }),
      300_000
    )

    it.scopedLive(
      "stands where the process was killed half-way, and a repetition finishes it",
      () =>
        Effect.gen(function* () {
          const { address, fences, held, organizationId, written } = yield* filled
          const [cached, uncached] = [yield* opened(layer(address), true), yield* opened(layer(address), false)]
          yield* Effect.promise(() => cached.validateKey(held[0]))
          const process = yield* startProcess<ClientJobs>(worker)
          yield* process.run("open", { address, rateLimits: "exact", usage: "deferred" })
          yield* process.start("revokeKeys", { organizationId, reason: "left" })
          while ((yield* written) === 0) yield* Effect.sleep("2 millis")
          yield* process.kill
          const killed = Date.now()
          const before = yield* written
          assert.isBelow(before, keys)
          assert.strictEqual(yield* fences, 1)

          for (const plaintext of held) yield* Effect.promise(() => refusalOf(uncached, plaintext))
          assert.isBelow((yield* Effect.promise(() => refusalOf(cached, held[0]))) - killed, bound)
          const active = yield* Effect.promise(() => uncached.listKeys({ organizationId, status: "active" }))
          assert.deepStrictEqual(active.items, [])
          const { key, plaintext } = yield* Effect.promise(() => uncached.createKey({ organizationId }))
          yield* Effect.promise(() => uncached.validateKey(plaintext))

          const again = yield* Effect.promise(() => uncached.revokeKeys({ organizationId, reason: "again" }))
          assert.strictEqual(again, keys + held.length + 1 - before)
          assert.deepStrictEqual([yield* written, yield* fences], [keys + held.length + 1, 0])
          const last = yield* Effect.promise(() => uncached.getKey(key.id))
          assert.strictEqual(last.revokedReason, "again")
          const { items } = yield* Effect.promise(() => uncached.listKeys({ organizationId, limit: 1000 }))
          assert.strictEqual(items.filter(({ revokedReason }) => revokedReason !== "left").length, 1)
        }),
      300_000
    )
  })
}
