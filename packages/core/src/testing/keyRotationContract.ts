import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { KeyId } from "../domain/Ids.js"
import { maxSecrets } from "../domain/Rotation.js"
import { KeyStore, type Rotation, type RotationOutcome } from "../ports/KeyStore.js"
import { assertAllSucceeded, assertSame, atOnce, type ContractTest, successes } from "./contract.js"
import { absent, fixtureTime, insertKey, insertOrganization, instant, makeDigest } from "./fixtures.js"

const hour = 3_600_000

const rotationOf = (fields: Partial<Rotation> = {}): Rotation => ({
  digest: makeDigest(),
  hint: "myapp_live_WxYz…",
  at: instant(fixtureTime + 1000),
  overlapMillis: 0,
  ...fields
})

const rotate = (id: KeyId, rotation: Rotation) =>
  Effect.flatMap(KeyStore, (keys) => Effect.map(keys.rotate(id, rotation), Option.getOrThrow))

/** What is known of the secret behind each digest: `null` where there is none any more. */
const secretsOf = (digests: ReadonlyArray<{ readonly bytes: Uint8Array }>) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const found = yield* keys.findByDigests(digests.map(({ bytes }) => bytes))
    return found.map((option) =>
      Option.isNone(option)
        ? null
        : {
            keyId: option.value.key.id,
            supersededAt: option.value.supersededAt?.epochMillis ?? null,
            validUntil: option.value.validUntil?.epochMillis ?? null
          }
    )
  })

const rotatedAt = fixtureTime + 1000

/** How keys get new secrets. */
export const keyRotationContract = (test: ContractTest): void => {
  test("gives the key a new digest and hint, keeps all else, and ends the old digest at once", () =>
    Effect.gen(function* () {
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id, { scopes: ["read"], metadata: { plan: "pro" } })
      const rotation = rotationOf({ digest: { ...makeDigest(), secretId: "another" } })
      const outcome = yield* rotate(key.id, rotation)
      assert.strictEqual(outcome._tag, "Rotated")
      assertSame(outcome.key, { ...key, hint: rotation.hint, updatedAt: rotation.at })
      if (outcome._tag === "Rotated") assert.strictEqual(outcome.until.epochMillis, rotatedAt)
      const keys = yield* KeyStore
      assertSame(Option.getOrThrow(yield* keys.find(key.id)), outcome.key)
      const [before, after] = yield* keys.findByDigests([digest.bytes, rotation.digest.bytes])
      assert.isTrue(before !== undefined && Option.isNone(before))
      const found = Option.getOrThrow(after ?? Option.none())
      assert.deepStrictEqual([found.secretId, found.supersededAt, found.validUntil], ["another", null, null])
    }))

  test("lets the old digest be found through the overlap, with its times, also past its end", () =>
    Effect.gen(function* () {
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id)
      const [current] = yield* secretsOf([digest])
      assert.deepStrictEqual(current, { keyId: key.id, supersededAt: null, validUntil: null })
      const rotation = rotationOf({ overlapMillis: 1 })
      const outcome = yield* rotate(key.id, rotation)
      if (outcome._tag === "Rotated") assert.strictEqual(outcome.until.epochMillis, rotatedAt + 1)
      assert.deepStrictEqual(yield* secretsOf([digest, rotation.digest]), [
        { keyId: key.id, supersededAt: rotatedAt, validUntil: rotatedAt + 1 },
        { keyId: key.id, supersededAt: null, validUntil: null }
      ])
    }))

  test("lets no old digest outlive the key, and ends those of an expired one at once", () =>
    Effect.gen(function* () {
      const { id } = yield* insertOrganization()
      const expiry = rotatedAt + hour
      const { digest, key } = yield* insertKey(id, { expiresAt: instant(expiry) })
      const outcome = yield* rotate(key.id, rotationOf({ overlapMillis: 2 * hour }))
      if (outcome._tag === "Rotated") assert.strictEqual(outcome.until.epochMillis, expiry)
      assert.deepStrictEqual(yield* secretsOf([digest]), [
        { keyId: key.id, supersededAt: rotatedAt, validUntil: expiry }
      ])
      const expired = yield* insertKey(id, { expiresAt: instant(rotatedAt) })
      assert.strictEqual((yield* rotate(expired.key.id, rotationOf({ overlapMillis: hour })))._tag, "Rotated")
      assert.deepStrictEqual(yield* secretsOf([expired.digest]), [null])
    }))

  test("prolongs no digest that is superseded already, and may end it earlier", () =>
    Effect.gen(function* () {
      const { id } = yield* insertOrganization()
      const { digest: first, key } = yield* insertKey(id)
      const [second, third, fourth] = [makeDigest(), makeDigest(), makeDigest()]
      const step = (digest: Rotation["digest"], millis: number, overlapMillis: number) =>
        rotate(key.id, rotationOf({ digest, at: instant(rotatedAt + millis), overlapMillis }))
      yield* step(second, 0, hour)
      yield* step(third, 1, 5 * hour)
      const digests = [first, second, third, fourth]
      assert.deepStrictEqual(
        (yield* secretsOf(digests)).map((secret) => secret?.validUntil ?? null),
        [rotatedAt + hour, rotatedAt + 1 + 5 * hour, null, null]
      )
      yield* step(fourth, 2, 2 * hour)
      assert.deepStrictEqual(yield* secretsOf(digests), [
        { keyId: key.id, supersededAt: rotatedAt, validUntil: rotatedAt + hour },
        { keyId: key.id, supersededAt: rotatedAt + 1, validUntil: rotatedAt + 2 + 2 * hour },
        { keyId: key.id, supersededAt: rotatedAt + 2, validUntil: rotatedAt + 2 + 2 * hour },
        { keyId: key.id, supersededAt: null, validUntil: null }
      ])
      const last = makeDigest()
      yield* step(last, 3 + hour, 5 * hour)
      assert.isNull((yield* secretsOf([first]))[0] ?? null, "what had ended is forgotten")
      yield* step(makeDigest(), 4 + hour, 0)
      assert.deepStrictEqual(yield* secretsOf([...digests, last]), [null, null, null, null, null])
    }))

  test("keeps as many secrets as a key may have, and forgets those first that were superseded first", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const other = yield* insertKey(id)
      const { digest, key } = yield* insertKey(id)
      const digests = [digest]
      for (let n = 0; n < 2 * maxSecrets; n++) {
        const rotation = rotationOf({ at: instant(rotatedAt + n), overlapMillis: hour })
        yield* rotate(key.id, rotation)
        digests.push(rotation.digest)
        if (n !== 1) continue
        // Neither the place nor the age of a digest's row says when it was superseded.
        const again = makeDigest()
        assert.isTrue(yield* keys.redigest(digest.bytes, again))
        digests[0] = again
      }
      const there = (yield* secretsOf(digests)).map((secret) => secret !== null)
      assert.deepStrictEqual(
        there,
        digests.map((_, n) => n >= digests.length - maxSecrets)
      )
      assert.isNotNull((yield* secretsOf([other.digest]))[0])
    }))

  test("refuses a revoked key, and writes nothing", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id)
      const revoked = Option.getOrThrow(yield* keys.revoke(key.id, { at: instant(fixtureTime), reason: null }))
      const rotation = rotationOf()
      const outcome = yield* rotate(key.id, rotation)
      assert.strictEqual(outcome._tag, "Revoked")
      assertSame(outcome.key, revoked)
      assertSame(Option.getOrThrow(yield* keys.find(key.id)), revoked)
      assert.deepStrictEqual(yield* secretsOf([digest, rotation.digest]), [
        { keyId: key.id, supersededAt: null, validUntil: null },
        null
      ])
    }))

  test("returns none where there is no key, and touches no other", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const other = yield* insertKey(id)
      const rotation = rotationOf()
      assert.isTrue(Option.isNone(yield* keys.rotate(absent.key(), rotation)))
      yield* rotate((yield* insertKey(id)).key.id, rotationOf())
      assert.deepStrictEqual(yield* secretsOf([rotation.digest, other.digest]), [
        null,
        { keyId: other.key.id, supersededAt: null, validUntil: null }
      ])
    }))

  test("keeps no old digest of a rotated key that is deleted", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id)
      const rotation = rotationOf({ overlapMillis: hour })
      yield* rotate(key.id, rotation)
      yield* keys.delete(key.id)
      assert.deepStrictEqual(yield* secretsOf([digest, rotation.digest]), [null, null])
    }))

  for (const overlapMillis of [0, hour]) {
    test(`leaves one current digest after 20 concurrent rotations with an overlap of ${overlapMillis} ms`, () =>
      Effect.gen(function* () {
        const keys = yield* KeyStore
        const { id } = yield* insertOrganization()
        const { digest, key } = yield* insertKey(id)
        const rotations = Array.from({ length: 20 }, (_, i) => rotationOf({ hint: `myapp_live_${i}…`, overlapMillis }))
        const results = yield* atOnce(rotations.map((rotation) => keys.rotate(key.id, rotation)))
        assertAllSucceeded(results)
        const outcomes: ReadonlyArray<RotationOutcome> = successes(results).map(Option.getOrThrow)
        assert.isTrue(outcomes.every(({ _tag }) => _tag === "Rotated"))
        const secrets = yield* secretsOf(rotations.map((rotation) => rotation.digest))
        const current = rotations.filter((_, i) => secrets[i] !== null && secrets[i]?.supersededAt === null)
        assert.strictEqual(current.length, 1)
        assert.strictEqual(Option.getOrThrow(yield* keys.find(key.id)).hint, current[0]?.hint)
        const left = [...secrets, ...(yield* secretsOf([digest]))].filter((secret) => secret !== null)
        assert.strictEqual(left.length, overlapMillis === 0 ? 1 : maxSecrets)
      }))
  }

  test("never rotates what was revoked or deleted meanwhile", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      for (let round = 0; round < 10; round++) {
        const { key } = yield* insertKey(id)
        const rotation = rotationOf()
        const end =
          round % 2 === 0
            ? Effect.asVoid(keys.delete(key.id))
            : Effect.asVoid(keys.revoke(key.id, { at: rotation.at, reason: null }))
        const [rotated] = yield* Effect.all([keys.rotate(key.id, rotation), end], { concurrency: "unbounded" })
        const [secret] = yield* secretsOf([rotation.digest])
        const isThere = secret !== null
        if (round % 2 === 0) assert.isFalse(isThere, "a digest outlived its key")
        else assert.strictEqual(isThere, Option.getOrThrow(rotated)._tag === "Rotated")
      }
    }))
}
