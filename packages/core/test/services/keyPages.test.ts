import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { ApiKeys, MemoryStore } from "../../src/index.js"
import { interceptStore } from "../../src/testing/index.js"
import { issueKey, live as liveWith } from "./live.js"

const large = { list: Array.from({ length: 1000 }, () => ({})) }

/** The pages of a listing, to its end. */
const pages = (limit: number) =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const all: Array<ReadonlyArray<string>> = []
    let cursor: string | null = null
    do {
      const page: Effect.Effect.Success<ReturnType<typeof keys.listKeys>> = yield* keys.listKeys({ limit, cursor })
      all.push(page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    return all
  })

const newestFirst = (ids: ReadonlyArray<string>) => [...ids].sort().reverse()

describe("a page of keys", () => {
  it.effect("ends before its limit where keys are large, and loses and repeats none", () =>
    Effect.gen(function* () {
      const issued = yield* Effect.forEach(Array.from({ length: 300 }), (_, i) =>
        issueKey(i % 5 === 4 ? {} : { metadata: large })
      )
      const ids = issued.map(({ key }) => key.id)
      for (const limit of [1000, 299, 7, 1]) {
        const all = yield* pages(limit)
        assert.deepStrictEqual(newestFirst(all.flat()), newestFirst(ids))
        for (const page of all) assert.isAtMost(page.length, Math.min(limit, 80))
        assert.isAtMost(all.length, Math.ceil(300 / Math.min(limit, 50)))
      }
      const keys = yield* ApiKeys
      const streamed = yield* Stream.runCollect(keys.allKeys({ limit: 1000 }))
      assert.strictEqual(new Set([...streamed].map(({ id }) => id)).size, 300)
    }).pipe(Effect.provide(liveWith()))
  )

  it.effect("holds as many as were asked for where keys are of usual size, read in pieces", () => {
    const takes: Array<number> = []
    const store = interceptStore(MemoryStore.layer, ({ args, member }, effect) => {
      if (member === "KeyStore.list") takes.push((args[1] as { readonly take: number }).take)
      return effect
    })
    return Effect.gen(function* () {
      yield* Effect.forEach(Array.from({ length: 1001 }), () =>
        issueKey({ metadata: { userId: "u_1" }, scopes: ["a"] })
      )
      assert.deepStrictEqual(
        (yield* pages(1000)).map(({ length }) => length),
        [1000, 1]
      )
      assert.deepStrictEqual(
        (yield* pages(500)).map(({ length }) => length),
        [500, 500, 1]
      )
      assert.isAtMost(Math.max(...takes), 128)
    }).pipe(Effect.provide(liveWith(undefined, store)))
  })
})
