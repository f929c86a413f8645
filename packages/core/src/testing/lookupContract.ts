import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { assertSame, atOnce, type ContractTest, many, successes } from "./contract.js"
import { absent, insertKey, insertOrganization, makeDigest } from "./fixtures.js"

/** How keys are found by their digests. */
export const lookupContract = (test: ContractTest): void => {
  test("finds nothing under an id or a digest that it never saw", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      assert.isTrue(Option.isNone(yield* keys.find(absent.key())))
      assert.deepStrictEqual(yield* keys.findByDigests([makeDigest().bytes]), [Option.none()])
    }))

  test("answers no digests with no keys", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      assert.deepStrictEqual(yield* keys.findByDigests([]), [])
    }))

  test("answers in the order of the digests, unknown and repeated ones included", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const [a, b, c] = yield* Effect.all([insertKey(id), insertKey(id), insertKey(id)])
      const [unknown, alsoUnknown] = [makeDigest(), makeDigest()]
      const asked = [c.digest, unknown, a.digest, c.digest, alsoUnknown, unknown, b.digest]
      const found = yield* keys.findByDigests(asked.map(({ bytes }) => bytes))
      assert.deepStrictEqual(
        found.map((option) => (Option.isSome(option) ? option.value.key.id : null)),
        [c.key.id, null, a.key.id, c.key.id, null, null, b.key.id]
      )
      found.forEach((option, i) => {
        if (Option.isSome(option)) assert.deepStrictEqual([...option.value.digest], [...(asked[i]?.bytes ?? [])])
      })
    }))

  test("tells digests apart by any bit, by zero bytes and by bytes that are no text", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id)
      const neighbours = [0, 15, 31].map((at) => digest.bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)))
      const found = yield* keys.findByDigests([...neighbours, digest.bytes.slice(0, 31), digest.bytes])
      assert.deepStrictEqual(found.map(Option.isSome), [false, false, false, false, true])
      const last = found.at(-1)
      if (last !== undefined && Option.isSome(last)) assertSame(last.value.key, key)
    }))

  for (const size of [1, 2, 3, 17, 100, 300]) {
    test(`finds ${size} at once`, () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        const { id } = yield* insertOrganization()
        const inserted = yield* Effect.forEach(Array.from({ length: size }), () => insertKey(id))
        const found = yield* keys.findByDigests(inserted.map(({ digest }) => digest.bytes))
        assert.deepStrictEqual(
          found.map((option) => (Option.isSome(option) ? option.value.key.id : null)),
          inserted.map(({ key }) => key.id)
        )
      }))
  }

  test("answers many callers at once, each with its own", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const inserted = yield* Effect.forEach(Array.from({ length: 10 }), () => insertKey(id))
      const calls = Array.from({ length: many }, (_, i) => inserted[i % inserted.length] ?? { digest: makeDigest() })
      const results = yield* atOnce(calls.map(({ digest }) => keys.findByDigests([digest.bytes])))
      const ids = successes(results).map(([found]) =>
        found !== undefined && Option.isSome(found) ? found.value.key.id : null
      )
      assert.deepStrictEqual(
        ids,
        calls.map((call) => ("key" in call ? call.key.id : null))
      )
    }))
}
