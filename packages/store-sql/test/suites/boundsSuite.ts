import { KeyStore, type Metadata } from "@apikeys/core"
import { insertKey, insertOrganization, makeDigest, makeKey } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

/** What is short as it is written, and not in every form that a database has for it. */
const numbers: Metadata = {
  z: [1e308, 5e-324, 0.1, 2 ** 53 - 1],
  list: Array.from({ length: 1000 }, () => 1e308),
  a: 1
}

/** What is kept of a key is as large as what was given. */
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
}
