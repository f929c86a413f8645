import { assert, describe } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { KeyStore } from "../ports/KeyStore.js"
import { TenantStore } from "../ports/TenantStore.js"
import { type ContractTest, idsOf } from "./contract.js"
import {
  absent,
  fixtureTime,
  insertKey,
  insertOrganization,
  insertProduct,
  insertProject,
  instant,
  keyFilter
} from "./fixtures.js"
import { keyFilterContract } from "./keyFilterContract.js"
import { namedKinds } from "./namedStore.js"
import { newestFirst, positionOf, walk } from "./walk.js"

/** Sizes below, across and above what there is. */
const pageSizes = [1, 2, 7, 1000]

/** Times of creation, most of which several rows share. */
const ages = [5, 0, 0, 3, 3, 3, 3, 1, 0, 9, 3, 7, 7]

/** A time that no other test's rows have: a listing of everything is read from here on, and left where it ends. */
const ownTime = () => Date.UTC(2300, 0) + Math.floor(Math.random() * 200_000_000_000_000)

/** How listings are ordered, paged and filtered. */
export const paginationContract = (test: ContractTest): void => {
  describe("keys", () => keyPageCases(test))
  describe("filters", () => keyFilterContract(test))
  for (const kind of namedKinds) {
    test(`walks every ${kind.entity} once, newest first, whatever the size of a page`, () =>
      Effect.gen(function* () {
        const store = yield* kind.open
        const time = ownTime()
        const entities = ages.map((age) => store.make({ createdAt: time - age }))
        yield* Effect.forEach(entities, store.insert)
        const start = { createdAt: time + 1, id: "00000000-0000-0000-0000-000000000000" }
        for (const take of pageSizes) {
          const read = (slice: Parameters<typeof store.list>[0]) =>
            Effect.map(store.list(slice), (rows) => rows.filter(({ createdAt }) => createdAt.epochMillis >= time - 9))
          assert.deepStrictEqual(idsOf(yield* walk(take, read, start)), idsOf(newestFirst(entities)))
        }
      }))
  }

  test("walks a project's products once, newest first", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { id: organizationId } = yield* insertOrganization()
      const project = yield* insertProject(organizationId)
      const linked = yield* Effect.forEach(ages, (age) =>
        insertProduct(organizationId, { createdAt: fixtureTime - age })
      )
      yield* Effect.forEach(linked, ({ id }) => tenants.link({ productId: id, projectId: project.id }))
      for (const take of pageSizes) {
        const walked = yield* walk(take, (slice) => tenants.listProductsOfProject(project.id, slice))
        assert.deepStrictEqual(idsOf(walked), idsOf(newestFirst(linked)))
      }
    }))
}

const insertAged = Effect.gen(function* () {
  const { id: organizationId } = yield* insertOrganization()
  const inserted = yield* Effect.forEach(ages, (age) =>
    insertKey(organizationId, { createdAt: instant(fixtureTime - age) })
  )
  return { organizationId, keys: inserted.map(({ key }) => key) }
})

const keyPageCases = (test: ContractTest): void => {
  test("walks every key once, newest first, whatever the size of a page", () =>
    Effect.gen(function* () {
      const store = yield* KeyStore
      const { keys, organizationId } = yield* insertAged
      for (const take of pageSizes) {
        const walked = yield* walk(take, (slice) => store.list(keyFilter({ organizationId }), slice))
        assert.deepStrictEqual(idsOf(walked), idsOf(newestFirst(keys)))
      }
    }))

  test("goes on below any position, be there a row or not", () =>
    Effect.gen(function* () {
      const store = yield* KeyStore
      const { keys, organizationId } = yield* insertAged
      const ordered = newestFirst(keys)
      const list = (after: Parameters<typeof positionOf>[0]) =>
        store.list(keyFilter({ organizationId }), { after: positionOf(after), take: 1000 })
      for (const [i, key] of ordered.entries()) {
        assert.deepStrictEqual(idsOf(yield* list(key)), idsOf(ordered.slice(i + 1)))
      }
      const gone = { id: absent.key(), createdAt: instant(fixtureTime - 3) }
      const expected = newestFirst([...keys, gone])
      assert.deepStrictEqual(idsOf(yield* list(gone)), idsOf(expected.slice(expected.indexOf(gone) + 1)))
      assert.deepStrictEqual(yield* list({ ...gone, createdAt: instant(0) }), [])
    }))

  test("sees each key that stays exactly once while others come and go", () =>
    Effect.gen(function* () {
      const store = yield* KeyStore
      const { keys, organizationId } = yield* insertAged
      let done = false
      const churn = Effect.gen(function* () {
        for (let i = 0; !done; i++) {
          const createdAt = instant(fixtureTime - (i % 11) + 1)
          const { key } = yield* insertKey(organizationId, { createdAt })
          yield* Effect.yieldNow()
          yield* store.delete(key.id)
          yield* Effect.yieldNow()
        }
      })
      const churning = yield* Effect.forkAll([churn, churn, churn])
      const stable = new Set(idsOf(keys))
      for (const take of [1, 2, 7, 1, 2, 7]) {
        const walked = yield* walk(take, (slice) => store.list(keyFilter({ organizationId }), slice))
        const seen = idsOf(walked).filter((id) => stable.has(id))
        assert.deepStrictEqual(seen, idsOf(newestFirst(keys)))
        assert.strictEqual(new Set(idsOf(walked)).size, walked.length)
      }
      done = true
      yield* Fiber.join(churning)
    }))
}
