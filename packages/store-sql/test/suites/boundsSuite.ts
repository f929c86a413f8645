import { ApiKeys, KeyStore, type Metadata } from "@apikeys/core"
import { insertKey, insertOrganization, makeDigest, makeKey } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

/** What is short as it is written, and not in every form that a database has for it. */
const numbers: Metadata = {
  z: [1e308, 5e-324, 0.1, 2 ** 53 - 1],
  list: Array.from({ length: 1000 }, () => 1e308),
  a: 1
}

/** What is kept of keys is as large as what was given, and what is read of them at once is bounded. */
export const boundsSuite = ({
  emptyDatabase,
  layer,
  literal,
  query,
  title
}: Pick<SqlBackend, "emptyDatabase" | "layer" | "literal" | "query" | "title">): void => {
  describe(`metadata on ${title}`, () => {
    it.scopedLive(
      "is kept as it was written, by whichever way",
      () =>
        Effect.gen(function* () {
          const address = yield* emptyDatabase
          yield* Effect.gen(function* () {
            const keys = yield* KeyStore
            const { id } = yield* insertOrganization()
            const { key: inserted } = yield* insertKey(id, { metadata: numbers })
            const { key: updated } = yield* insertKey(id)
            yield* keys.update(updated.id, { metadata: numbers }, inserted.createdAt)
            const imported = makeKey(id, { metadata: numbers })
            yield* keys.insertMany([{ key: imported, digest: makeDigest(), otherDigests: [], otherIds: [] }])
            for (const keyId of [inserted.id, updated.id, imported.id]) {
              const found = Option.getOrThrow(yield* keys.find(keyId))
              assert.deepStrictEqual(found.metadata, numbers)
              const cast = "cast(metadata as char(40000))"
              const statement = `select ${cast} as written from apikeys_keys where id = ${literal.id(keyId)}`
              const [row] = yield* Effect.promise(() => query(address, statement))
              assert.strictEqual(String(row?.written).trimEnd(), JSON.stringify(numbers))
            }
          }).pipe(Effect.provide(layer(address, { timeout: "20 seconds" })))
        }),
      60_000
    )
  })

  describe(`pages on ${title}`, () => {
    it.scopedLive(
      "of large keys are short, lose and repeat none, and let others have their turn",
      () =>
        Effect.gen(function* () {
          const address = yield* emptyDatabase
          yield* Effect.gen(function* () {
            const [keys, store] = [yield* ApiKeys, yield* KeyStore]
            const { id: organizationId } = yield* insertOrganization()
            const large = Array.from({ length: 400 }, (_, i) => ({
              key: makeKey(organizationId, { metadata: { i, list: Array.from({ length: 1000 }, () => ({})) } }),
              digest: makeDigest(),
              otherDigests: [],
              otherIds: []
            }))
            for (let start = 0; start < 400; start += 50) yield* store.insertMany(large.slice(start, start + 50))
            const stall = yield* longestStall
            const sizes: Array<number> = []
            const seen = new Set<string>()
            yield* keys.allKeys({ organizationId, limit: 1000 }).pipe(
              Stream.runForEachChunk((page) =>
                Effect.sync(() => {
                  sizes.push(page.length)
                  for (const { id } of page) seen.add(id)
                })
              )
            )
            assert.strictEqual(seen.size, 400)
            assert.strictEqual(
              sizes.reduce((sum, size) => sum + size, 0),
              400
            )
            assert.isBelow(Math.max(...sizes), 100)
            assert.isBelow(stall(), 1000)
          }).pipe(Effect.provide(Layer.provideMerge(ApiKeys.layer({ signingSecret }), layer(address))))
        }),
      60_000
    )
  })
}

const signingSecret = "0123456789abcdefghijklmnopqrstuv"

/** How long the event loop stood still at most, in milliseconds. */
const longestStall = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      let [longest, last] = [0, performance.now()]
      const timer = setInterval(() => {
        const now = performance.now()
        longest = Math.max(longest, now - last)
        last = now
      }, 1)
      return { timer, longest: () => longest }
    }),
    ({ timer }) => Effect.sync(() => clearInterval(timer))
  ),
  ({ longest }) => longest
)
