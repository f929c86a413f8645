import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { KeyStatus } from "../domain/ApiKey.js"
import { type KeyFilter, KeyStore } from "../ports/KeyStore.js"
import { UsageStore } from "../ports/UsageStore.js"
import { type ContractTest, idsOf } from "./contract.js"
import {
  absent,
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  insertProject,
  instant,
  type KeyFields,
  keyFilter
} from "./fixtures.js"
import { newestFirst, walk } from "./walk.js"

const now = instant(fixtureTime)

/** One key of each kind that a filter could take for another, by the name of its kind. */
const states: Readonly<Record<string, { readonly status: KeyStatus; readonly fields: KeyFields }>> = {
  unlimited: { status: "active", fields: {} },
  expiresNextMillisecond: { status: "active", fields: { expiresAt: instant(fixtureTime + 1) } },
  expiresNow: { status: "expired", fields: { expiresAt: now } },
  expiredLong: { status: "expired", fields: { expiresAt: instant(0) } },
  disabled: { status: "disabled", fields: { disabledAt: instant(1) } },
  disabledLater: { status: "disabled", fields: { disabledAt: instant(fixtureTime + 1000) } },
  disabledAndExpired: { status: "expired", fields: { disabledAt: instant(1), expiresAt: now } },
  disabledAndRevoked: { status: "revoked", fields: { disabledAt: instant(1), revokedAt: now } },
  revoked: { status: "revoked", fields: { revokedAt: instant(1) } },
  revokedLater: { status: "revoked", fields: { revokedAt: instant(fixtureTime + 1000) } },
  revokedAndExpired: { status: "revoked", fields: { revokedAt: now, expiresAt: instant(fixtureTime - 1) } }
}

const list = (fields: Partial<KeyFilter>) =>
  Effect.flatMap(KeyStore, (keys) =>
    Effect.map(keys.list(keyFilter(fields), { after: null, take: 1000 }), (listed) => idsOf(listed))
  )

const sorted = (ids: ReadonlyArray<string>) => [...ids].sort()

/** Which keys a filter takes. */
export const keyFilterContract = (test: ContractTest): void => {
  test("filters by organization, project and product, alone and together", () =>
    Effect.gen(function* () {
      const { organization, product, project } = yield* insertLinked
      const other = yield* insertProject(organization.id)
      const [organizationId, projectId, productId] = [organization.id, project.id, product.id]
      const insert = (fields: KeyFields) => Effect.map(insertKey(organizationId, fields), ({ key }) => key.id)
      const wide = yield* insert({})
      const ofProject = yield* insert({ projectId })
      const ofProduct = yield* insert({ productId })
      const ofBoth = yield* insert({ projectId, productId })
      const ofOther = yield* insert({ projectId: other.id })
      const cases: ReadonlyArray<readonly [Partial<KeyFilter>, ReadonlyArray<string>]> = [
        [{ organizationId }, [wide, ofProject, ofProduct, ofBoth, ofOther]],
        [{ projectId }, [ofProject, ofBoth]],
        [{ productId }, [ofProduct, ofBoth]],
        [{ projectId, productId }, [ofBoth]],
        [{ organizationId, projectId: other.id }, [ofOther]],
        [{ organizationId, productId }, [ofProduct, ofBoth]],
        [{ organizationId, projectId: other.id, productId }, []],
        [{ organizationId: absent.organization(), projectId }, []],
        [{ organizationId: absent.organization() }, []],
        [{ projectId: absent.project() }, []],
        [{ productId: absent.product() }, []]
      ]
      for (const [filter, expected] of cases) assert.deepStrictEqual(sorted(yield* list(filter)), sorted(expected))
    }))

  test("filters by status to the very millisecond", () =>
    Effect.gen(function* () {
      const { id: organizationId } = yield* insertOrganization()
      const inserted = yield* Effect.forEach(Object.values(states), ({ fields, status }) =>
        Effect.map(insertKey(organizationId, fields), ({ key }) => ({ id: key.id, status }))
      )
      for (const status of ["active", "disabled", "expired", "revoked"] as const) {
        const expected = inserted.filter((key) => key.status === status).map(({ id }) => id)
        assert.deepStrictEqual(sorted(yield* list({ organizationId, status, now })), sorted(expected), status)
      }
      assert.strictEqual((yield* list({ organizationId })).length, inserted.length)
      const next = { organizationId, now: instant(fixtureTime + 1) }
      assert.strictEqual((yield* list({ ...next, status: "expired" })).length, 4)
      assert.strictEqual((yield* list({ ...next, status: "active" })).length, 1)
    }))

  test("filters by last use, those never used included", () =>
    Effect.gen(function* () {
      const usage = yield* UsageStore
      const { id: organizationId } = yield* insertOrganization()
      const never = (yield* insertKey(organizationId)).key.id
      const before = (yield* insertKey(organizationId, { lastUsedAt: instant(fixtureTime - 1), useCount: 1 })).key.id
      const at = (yield* insertKey(organizationId, { lastUsedAt: now, useCount: 1 })).key.id
      const used = (yield* insertKey(organizationId)).key.id
      const uses = [{ keyId: used, count: 1, lastUsedAt: now }]
      yield* usage.record({ writer: crypto.randomUUID(), number: 1, uses })
      const lastUsedBefore = (millis: number) => list({ organizationId, lastUsedBefore: instant(millis) })
      assert.deepStrictEqual(sorted(yield* lastUsedBefore(fixtureTime - 1)), sorted([never]))
      assert.deepStrictEqual(sorted(yield* lastUsedBefore(fixtureTime)), sorted([never, before]))
      assert.deepStrictEqual(sorted(yield* lastUsedBefore(fixtureTime + 1)), sorted([never, before, at, used]))
    }))

  test("filters by what expires before a time, to the very millisecond, and not what never does", () =>
    Effect.gen(function* () {
      const { id: organizationId } = yield* insertOrganization()
      const insert = (fields: KeyFields) => Effect.map(insertKey(organizationId, fields), ({ key }) => key.id)
      yield* insert({})
      const expired = yield* insert({ expiresAt: instant(fixtureTime - 1) })
      const soon = yield* insert({ expiresAt: instant(fixtureTime + 1) })
      const revoked = yield* insert({ expiresAt: instant(fixtureTime + 1), revokedAt: now })
      const before = (millis: number, fields: Partial<KeyFilter> = {}) =>
        list({ organizationId, expiresBefore: instant(millis), ...fields })
      assert.deepStrictEqual(yield* before(fixtureTime - 1), [])
      assert.deepStrictEqual(yield* before(fixtureTime), [expired])
      assert.deepStrictEqual(yield* before(fixtureTime + 1), [expired])
      assert.deepStrictEqual(sorted(yield* before(fixtureTime + 2)), sorted([expired, soon, revoked]))
      assert.deepStrictEqual(yield* before(fixtureTime + 2, { status: "active", now }), [soon])
    }))

  test("combines every filter, and pages what is left", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { organization, product, project } = yield* insertLinked
      const owner = { projectId: project.id, productId: product.id }
      const matching = { ...owner, expiresAt: instant(fixtureTime - 1), lastUsedAt: instant(fixtureTime - 5) }
      const misses: ReadonlyArray<KeyFields> = [
        { ...matching, projectId: null },
        { ...matching, productId: null },
        { ...matching, expiresAt: null },
        { ...matching, revokedAt: now },
        { ...matching, lastUsedAt: now }
      ]
      const expected = []
      for (let age = 0; age < 5; age++) {
        const createdAt = instant(fixtureTime - Math.floor(age / 2))
        expected.push((yield* insertKey(organization.id, { ...matching, createdAt })).key)
        yield* Effect.forEach(misses, (fields) => insertKey(organization.id, { ...fields, createdAt }))
      }
      const filter = keyFilter({
        organizationId: organization.id,
        ...owner,
        status: "expired",
        lastUsedBefore: now,
        expiresBefore: now
      })
      for (const take of [1, 2, 7]) {
        const walked = yield* walk(take, (slice) => keys.list(filter, slice))
        assert.deepStrictEqual(idsOf(walked), idsOf(newestFirst(expected)))
      }
    }))

  test("lists keys of all owners where no owner is given", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const time = Date.UTC(2300, 0) + Math.floor(Math.random() * 200_000_000_000_000)
      const organizations = yield* Effect.all([insertOrganization(), insertOrganization()])
      const inserted = yield* Effect.forEach(organizations, ({ id }) => insertKey(id, { createdAt: instant(time) }))
      const after = { createdAt: time + 1, id: absent.key() }
      const listed = yield* keys.list(keyFilter({}), { after, take: 2 })
      assert.deepStrictEqual(idsOf(listed), idsOf(newestFirst(inserted.map(({ key }) => key))))
    }))
}
