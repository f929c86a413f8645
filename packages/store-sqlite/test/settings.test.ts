import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeSettings } from "../src/SqliteSettings.js"

const issuesOf = (options: unknown) =>
  Effect.map(Effect.flip(makeSettings(options as never)), ({ issues }) =>
    issues.map(({ path, rule }) => `${path} ${rule}`)
  )

describe("options", () => {
  it.effect("are a plain object", () =>
    Effect.gen(function* () {
      for (const unplain of [Promise.resolve(), new Map(), Object.create({ filename: "keys.db" })]) {
        assert.deepStrictEqual(yield* issuesOf(unplain), [" is not a plain object"])
      }
      assert.deepStrictEqual(yield* issuesOf("keys.db"), [" is not an object"])
      assert.deepStrictEqual((yield* makeSettings({ filename: "keys.db" })).timeout, 2000)
    })
  )

  it.effect("that are missing or unknown are told by name, and not where the name may be a secret", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* issuesOf({}), ["filename is required"])
      assert.deepStrictEqual(yield* issuesOf({ filename: undefined }), ["filename is required"])
      assert.deepStrictEqual(yield* issuesOf({ filename: "keys.db", ["s".repeat(41)]: 1 }), ["… is not a known field"])
    })
  )
})
