import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { assertAllSucceeded, atOnce, type ContractTest, successes } from "./contract.js"
import { fixtureTime, insertOrganization, instant, makeDigest, makeKey } from "./fixtures.js"

const secretId = (): string => `secret ${crypto.randomUUID()}`

/** A secret that nobody has, by a fingerprint. */
const makeName = () => ({ fingerprint: makeDigest().bytes, id: crypto.randomUUID().replaceAll("-", "") })

const later = instant(fixtureTime + 1000)

/** A key whose digest a signing secret made. */
const insertUnder = (secret: string) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const { id } = yield* insertOrganization()
    const digest = { ...makeDigest(), secretId: secret }
    const key = makeKey(id)
    yield* keys.insert({ key, digest, idempotencyKey: null, idempotencyDigest: null })
    return { key, digest }
  })

const rotation = (overlapMillis: number, secret = secretId()) => ({
  digest: { ...makeDigest(), secretId: secret },
  hint: "myapp_live_WxYz…",
  at: later,
  overlapMillis
})

const find = (bytes: Uint8Array) =>
  Effect.flatMap(KeyStore, (keys) =>
    Effect.map(keys.findByDigests([bytes]), ([found]) => Option.getOrNull(found ?? Option.none()))
  )

/** How digests move from one signing secret to the next, and how they are counted. */
export const signingSecretContract = (test: ContractTest): void => {
  test("puts a digest in the place of another, and says so", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { digest, key } = yield* insertUnder(secretId())
      const next = { ...makeDigest(), secretId: secretId() }
      assert.isTrue(yield* keys.redigest(digest.bytes, next))
      assert.isNull(yield* find(digest.bytes))
      const found = yield* find(next.bytes)
      assert.deepInclude(found, { secretId: next.secretId, supersededAt: null, validUntil: null })
      assert.strictEqual(found?.key.id, key.id)
      assert.strictEqual(found?.key.updatedAt.epochMillis, key.updatedAt.epochMillis)
      assert.isFalse(yield* keys.redigest(digest.bytes, { ...makeDigest(), secretId: secretId() }))
    }))

  test("keeps the times of a superseded digest", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { digest, key } = yield* insertUnder(secretId())
      yield* keys.rotate(key.id, rotation(1000))
      const next = { ...makeDigest(), secretId: secretId() }
      assert.isTrue(yield* keys.redigest(digest.bytes, next))
      const found = yield* find(next.bytes)
      assert.deepStrictEqual(
        [found?.supersededAt?.epochMillis, found?.validUntil?.epochMillis],
        [later.epochMillis, later.epochMillis + 1000]
      )
    }))

  test("moves a digest once, also of 20 concurrent first uses", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { digest, key } = yield* insertUnder(secretId())
      const next = { ...makeDigest(), secretId: secretId() }
      const results = yield* atOnce(Array.from({ length: 20 }, () => keys.redigest(digest.bytes, next)))
      assertAllSucceeded(results)
      assert.strictEqual(successes(results).filter(Boolean).length, 1)
      assert.strictEqual((yield* find(next.bytes))?.key.id, key.id)
    }))

  for (const end of ["rotated", "revoked", "deleted"] as const) {
    test(`brings nothing back of a key that is ${end} at its first use`, () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        for (let round = 0; round < 10; round++) {
          const { digest, key } = yield* insertUnder(secretId())
          const next = { ...makeDigest(), secretId: secretId() }
          const use = Effect.asVoid(keys.redigest(digest.bytes, next))
          const ending =
            end === "rotated"
              ? Effect.asVoid(keys.rotate(key.id, rotation(0)))
              : end === "revoked"
                ? Effect.asVoid(keys.revoke(key.id, { at: later, reason: null }))
                : Effect.asVoid(keys.delete(key.id))
          const both = [use, ending]
          assertAllSucceeded(yield* atOnce(round % 2 === 0 ? both : both.reverse()))
          const found = [yield* find(digest.bytes), yield* find(next.bytes)]
          if (end === "revoked") {
            assert.deepStrictEqual(
              found.map((one) => one?.key.revokedAt?.epochMillis ?? null),
              [null, later.epochMillis]
            )
          } else assert.deepStrictEqual(found, [null, null])
        }
      }))
  }

  test("keeps the salt of fingerprints", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { salt } = yield* keys.secretNames()
      assert.isAtLeast(salt.length, 16)
      assert.deepStrictEqual([...(yield* keys.secretNames()).salt], [...salt])
    }))

  test("keeps the first id of a secret, and gives ids in the order of what was asked", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const [one, other, third] = [makeName(), makeName(), makeName()]
      assert.deepStrictEqual(yield* keys.nameSecrets([one, other]), [one.id, other.id])
      const again = [third, { ...other, id: makeName().id }, one, { ...other, id: makeName().id }]
      assert.deepStrictEqual(yield* keys.nameSecrets(again), [third.id, other.id, one.id, other.id])
      assert.deepStrictEqual(yield* keys.nameSecrets([]), [])
    }))

  test("gives a secret one id, also where 20 ask at once with ids of their own", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      for (let round = 0; round < 5; round++) {
        const fingerprints = [makeName().fingerprint, makeName().fingerprint]
        const calls = Array.from({ length: 20 }, (_, n) => {
          const named = fingerprints.map((fingerprint) => ({ ...makeName(), fingerprint }))
          return Effect.map(keys.nameSecrets(n % 2 === 0 ? named : named.reverse()), (ids) =>
            (n % 2 === 0 ? ids : [...ids].reverse()).join()
          )
        })
        const results = yield* atOnce(calls)
        assertAllSucceeded(results)
        assert.strictEqual(new Set(successes(results)).size, 1)
      }
    }))

  test("renames a secret, at so many digests at a time, superseded ones included", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const [former, id] = [secretId(), secretId()]
      const inserted = yield* Effect.forEach([former, former, former], insertUnder)
      const { digest, key } = yield* insertUnder(former)
      yield* keys.rotate(key.id, rotation(1000, former))
      const renamed: Array<number> = []
      do renamed.push(yield* keys.renameSecret(former, id, 2))
      while (renamed[renamed.length - 1] !== 0)
      assert.deepStrictEqual(
        [renamed.reduce((sum, count) => sum + count, 0), Math.max(...renamed), yield* keys.renameSecret(former, id, 2)],
        [5, 2, 0]
      )
      for (const each of [...inserted, { digest }]) {
        assert.strictEqual((yield* find(each.digest.bytes))?.secretId, id)
      }
      const counts = yield* keys.countSecrets(later)
      assert.deepInclude(
        counts.find(({ secretId }) => secretId === id),
        { current: 4, superseded: 1 }
      )
      assert.isUndefined(counts.find(({ secretId }) => secretId === former))
    }))

  test("counts keys by the secret of their current digest, and old digests while they are valid", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const [one, other] = [secretId(), secretId()]
      const counts = (millis: number) =>
        Effect.map(keys.countSecrets(instant(millis)), (all) =>
          [one, other].map((id) => all.find((count) => count.secretId === id) ?? null)
        )
      assert.deepStrictEqual(yield* counts(fixtureTime), [null, null])
      const inserted = yield* Effect.forEach([one, one, one, other], insertUnder)
      assert.deepStrictEqual(yield* counts(fixtureTime), [
        { secretId: one, current: 3, superseded: 0 },
        { secretId: other, current: 1, superseded: 0 }
      ])
      for (const { key } of inserted.slice(0, 2)) yield* keys.rotate(key.id, rotation(1000, other))
      assert.deepStrictEqual(yield* counts(later.epochMillis + 999), [
        { secretId: one, current: 1, superseded: 2 },
        { secretId: other, current: 3, superseded: 0 }
      ])
      assert.deepStrictEqual(yield* counts(later.epochMillis + 1000), [
        { secretId: one, current: 1, superseded: 0 },
        { secretId: other, current: 3, superseded: 0 }
      ])
    }))

  test("counts keys that none of some secrets made", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      // Some of them sort before all else, and some after it.
      const mine = ["!", "!", "~", "~"].map((prefix) => prefix + secretId())
      const inserted = yield* Effect.forEach([...mine, ...mine], insertUnder)
      const added = (without: ReadonlyArray<string>) =>
        Effect.map(
          Effect.all([
            keys.countUnserved(mine),
            keys.countUnserved(mine.filter((id) => !without.includes(id)).reverse())
          ]),
          ([base, all]) => all - base
        )
      // Others may insert meanwhile, and never delete.
      for (const without of [mine.slice(0, 1), mine.slice(1, 3), mine]) {
        assert.isAtLeast(yield* added(without), 2 * without.length)
      }
      const total = (yield* keys.countSecrets(later)).reduce((sum, { current }) => sum + current, 0)
      assert.isAtMost(total - 8, yield* keys.countUnserved(mine))
      assert.isAtLeast(yield* keys.countUnserved([]), 8)
      const first = inserted[0]?.key.id
      if (first !== undefined) yield* keys.rotate(first, rotation(1000, mine[1]))
      const counted = yield* keys.countSecrets(later)
      assert.deepInclude(
        counted.find(({ secretId }) => secretId === mine[0]),
        { current: 1, superseded: 1 }
      )
    }))
}
