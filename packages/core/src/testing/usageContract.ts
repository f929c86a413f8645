import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { KeyId } from "../domain/Ids.js"
import { KeyStore } from "../ports/KeyStore.js"
import type { Usage, UsageTotal } from "../ports/UsageStore.js"
import { assertAllSucceeded, atOnce, type ContractTest, successes } from "./contract.js"
import { absent, fixtureTime, insertKey, insertOrganization, instant } from "./fixtures.js"
import { recordPatiently } from "./patience.js"

const insertKeyIds = (count: number) =>
  Effect.gen(function* () {
    const { id } = yield* insertOrganization()
    const inserted = yield* Effect.forEach(Array.from({ length: count }), () => insertKey(id))
    return inserted.map(({ key }) => key.id)
  })

const use = (keyId: KeyId, count = 1, millis = fixtureTime): Usage => ({ keyId, count, lastUsedAt: instant(millis) })

/** Records one batch, of a writer of its own unless one is given. */
const record = (uses: ReadonlyArray<Usage>, writer: string = crypto.randomUUID(), number = 1) =>
  recordPatiently({ writer, number, uses })

const shown = (total: UsageTotal | undefined) => [total?.useCount, total?.lastUsedAt.epochMillis]

/** The totals as the key itself shows them. */
const stored = (keyId: KeyId) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const { lastUsedAt, useCount } = Option.getOrThrow(yield* keys.find(keyId))
    return [useCount, lastUsedAt?.epochMillis]
  })

/** How uses are counted. */
export const usageContract = (test: ContractTest): void => {
  totalCases(test)
  repetitionCases(test)
  contentionCases(test)
}

const totalCases = (test: ContractTest): void => {
  test("adds up, and returns the totals of the keys of the batch", () =>
    Effect.gen(function* () {
      const [one, other, idle] = (yield* insertKeyIds(3)) as [KeyId, KeyId, KeyId]
      const first = yield* record([use(one, 2, fixtureTime), use(other, 3, fixtureTime + 1)])
      assert.deepStrictEqual(
        [first.size, shown(first.get(one)), shown(first.get(other))],
        [2, [2, fixtureTime], [3, fixtureTime + 1]]
      )
      const second = yield* record([use(one, 5, fixtureTime + 9)])
      assert.deepStrictEqual([second.size, shown(second.get(one))], [1, [7, fixtureTime + 9]])
      assert.deepStrictEqual(yield* stored(one), [7, fixtureTime + 9])
      assert.deepStrictEqual(yield* stored(other), [3, fixtureTime + 1])
      assert.deepStrictEqual(yield* stored(idle), [0, undefined])
    }))

  test("never lets the last use go back", () =>
    Effect.gen(function* () {
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      yield* record([use(keyId, 1, fixtureTime)])
      const totals = yield* record([use(keyId, 1, fixtureTime - 1)])
      assert.deepStrictEqual(shown(totals.get(keyId)), [2, fixtureTime])
      assert.deepStrictEqual(yield* stored(keyId), [2, fixtureTime])
    }))

  test("never shows a last use that is yet to come, whatever the clock of whoever counted it says", () =>
    Effect.gen(function* () {
      const [one, other] = (yield* insertKeyIds(2)) as [KeyId, KeyId]
      const began = Date.now()
      yield* record([use(one, 1, began + 3_600_000), use(other, 1, fixtureTime)])
      const totals = yield* record([use(one, 1, began + 7_200_000)])
      // The server may be another machine.
      assert.isBelow(totals.get(one)?.lastUsedAt.epochMillis ?? Number.POSITIVE_INFINITY, began + 1_800_000)
      assert.isBelow((yield* stored(one))[1] ?? Number.POSITIVE_INFINITY, began + 1_800_000)
      assert.deepStrictEqual(yield* stored(other), [1, fixtureTime])
    }))

  test("leaves everything else of a key alone, the time of its last change too", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const before = Option.getOrThrow(yield* keys.find(keyId))
      yield* record([use(keyId)])
      const after = Option.getOrThrow(yield* keys.find(keyId))
      assert.strictEqual(after.updatedAt.epochMillis, before.updatedAt.epochMillis)
      assert.deepStrictEqual([after.name, after.revokedAt, after.metadata], [before.name, null, before.metadata])
    }))

  test("counts uses of revoked keys, and counts beyond 32 bits", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      yield* keys.revoke(keyId, { at: instant(fixtureTime), reason: null })
      yield* record([use(keyId, 2 ** 40)])
      const totals = yield* record([use(keyId, 2 ** 40 + 1)])
      assert.deepStrictEqual(shown(totals.get(keyId)), [2 ** 41 + 1, fixtureTime])
    }))

  test("passes over keys that are not there, and batches of none", () =>
    Effect.gen(function* () {
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const totals = yield* record([use(absent.key()), use(keyId, 2), use(absent.key())])
      assert.deepStrictEqual([...totals.keys()], [keyId])
      assert.deepStrictEqual(yield* stored(keyId), [2, fixtureTime])
      assert.strictEqual((yield* record([use(absent.key())])).size, 0)
      assert.strictEqual((yield* record([])).size, 0)
    }))

  test("takes a batch of 300 keys", () =>
    Effect.gen(function* () {
      const keyIds = yield* insertKeyIds(300)
      const totals = yield* record(keyIds.map((keyId, i) => use(keyId, i + 1)))
      assert.deepStrictEqual(
        keyIds.map((keyId) => totals.get(keyId)?.useCount),
        keyIds.map((_, i) => i + 1)
      )
    }))
}

const repetitionCases = (test: ContractTest): void => {
  test("adds a repeated batch once, and returns the totals again", () =>
    Effect.gen(function* () {
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const writer = crypto.randomUUID()
      yield* record([use(keyId, 2)], writer, 1)
      yield* record([use(keyId, 3)], writer, 2)
      const again = yield* record([use(keyId, 3, fixtureTime + 5)], writer, 2)
      assert.deepStrictEqual(shown(again.get(keyId)), [5, fixtureTime])
      yield* record([use(keyId, 2)], writer, 1)
      assert.deepStrictEqual(yield* stored(keyId), [5, fixtureTime])
      yield* record([use(keyId, 1)], writer, 3)
      assert.deepStrictEqual(yield* stored(keyId), [6, fixtureTime])
    }))

  test("remembers a batch of which no key was there", () =>
    Effect.gen(function* () {
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const writer = crypto.randomUUID()
      yield* record([use(absent.key())], writer, 1)
      yield* record([use(keyId)], writer, 1)
      assert.deepStrictEqual(yield* stored(keyId), [0, undefined])
    }))

  test("numbers the batches of each writer apart, whatever its name", () =>
    Effect.gen(function* () {
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const writer = crypto.randomUUID()
      for (const each of [`${writer}-a`, `${writer}-A`, `${writer}-b`]) yield* record([use(keyId)], each, 1)
      assert.deepStrictEqual(yield* stored(keyId), [3, fixtureTime])
    }))

  test("adds once a batch that is recorded 20 times at once", () =>
    Effect.gen(function* () {
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const writer = crypto.randomUUID()
      const results = yield* atOnce(Array.from({ length: 20 }, () => record([use(keyId, 3)], writer, 1)))
      assertAllSucceeded(results)
      for (const totals of successes(results)) assert.deepStrictEqual(shown(totals.get(keyId)), [3, fixtureTime])
      assert.deepStrictEqual(yield* stored(keyId), [3, fixtureTime])
    }))
}

const contentionCases = (test: ContractTest): void => {
  test("counts 200 concurrent batches of different writers exactly", () =>
    Effect.gen(function* () {
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const results = yield* atOnce(Array.from({ length: 200 }, (_, i) => record([use(keyId, 1, fixtureTime + i)])))
      assertAllSucceeded(results)
      const counts = successes(results).map((totals) => totals.get(keyId)?.useCount ?? 0)
      assert.deepStrictEqual(
        counts.sort((one, other) => one - other),
        Array.from({ length: 200 }, (_, i) => i + 1)
      )
      assert.deepStrictEqual(yield* stored(keyId), [200, fixtureTime + 199])
    }))

  test("takes overlapping batches in any order of keys, without a deadlock", () =>
    Effect.gen(function* () {
      const keyIds = yield* insertKeyIds(20)
      const batches = Array.from({ length: 60 }, (_, i) => {
        const turned = [...keyIds.slice(i % 20), ...keyIds.slice(0, i % 20)]
        return (i % 2 === 0 ? turned : turned.reverse()).slice(0, 15).map((keyId) => use(keyId))
      })
      const results = yield* atOnce(batches.map((batch) => record(batch)))
      assertAllSucceeded(results)
      const expected = keyIds.map((keyId) => batches.flat().filter((each) => each.keyId === keyId).length)
      const actual = yield* Effect.forEach(keyIds, stored)
      assert.deepStrictEqual(
        actual.map(([useCount]) => useCount),
        expected
      )
    }))

  test("loses no use to a concurrent update, and no update to a use", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const [keyId] = (yield* insertKeyIds(1)) as [KeyId]
      const rounds = Array.from({ length: 20 }, (_, i) => [
        Effect.asVoid(record([use(keyId)])),
        Effect.asVoid(keys.update(keyId, { scopes: [`s${i}`], metadata: { i } }, instant(fixtureTime + i)))
      ])
      const results = yield* atOnce([...rounds.flat(), keys.update(keyId, { name: "Kept" }, instant(fixtureTime))])
      assertAllSucceeded(results)
      const { metadata, name, scopes, useCount } = Option.getOrThrow(yield* keys.find(keyId))
      assert.deepStrictEqual([useCount, name, scopes], [20, "Kept", [`s${metadata.i}`]])
    }))
}
