import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { type Change, type Confirmation, KeyChanges } from "../ports/KeyChanges.js"
import { KeyStore } from "../ports/KeyStore.js"
import { TenantStore } from "../ports/TenantStore.js"
import { type Watched, watch } from "./changesFixtures.js"
import { assertAllSucceeded, atOnce, type ContractTest, many } from "./contract.js"
import {
  absent,
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  insertProduct,
  insertProject,
  instant,
  keyOwner,
  makeDigest,
  makeNewKey,
  makeRateLimit,
  revokeAll,
  uniqueName
} from "./fixtures.js"

const at = instant(fixtureTime + 60_000)
const revocation = { at, reason: null }

/** How other processes learn of what was changed. */
export const changesContract = (test: ContractTest): void => {
  confirmationCases(test)
  keyCases(test)
  tenantCases(test)
  orderCases(test)
}

const isSorted = (numbers: ReadonlyArray<number>) => numbers.every((each, i) => each >= (numbers[i - 1] ?? each))

const confirmationCases = (test: ContractTest): void => {
  test("begins with a confirmation of no change, and goes on while nothing happens", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { id } = yield* insertOrganization()
        const { key } = yield* insertKey(id)
        const keys = yield* KeyStore
        yield* keys.revoke(key.id, revocation)
        const watched = yield* watch
        yield* watched.settled
        const [first] = watched.confirmations
        assert.deepInclude(first, { changes: [], missed: false })
        assert.isFalse(watched.mentions(key.id))
        // Whoever tells of each change at once has nothing to confirm again.
        if (first?.asOf !== Number.POSITIVE_INFINITY) yield* watched.until(({ length }) => length > 3)
      })
    ))

  test("never confirms what is still to come, nor goes back", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const watched = yield* watch
        const { id } = yield* insertOrganization()
        const { key } = yield* insertKey(id)
        const keys = yield* KeyStore
        for (let i = 0; i < 10; i++) {
          yield* keys.update(key.id, { name: `${i}` }, at)
          yield* watched.settled
        }
        const times = watched.confirmations.map(({ asOf }) => asOf)
        assert.isTrue(isSorted(times), times.join(" "))
        for (const { arrived, asOf } of watched.confirmations) {
          if (asOf !== Number.POSITIVE_INFINITY) assert.isAtMost(asOf, arrived)
        }
        assert.isFalse(watched.confirmations.some(({ missed }) => missed))
      })
    ))

  test("says nothing once its scope is closed", () =>
    Effect.gen(function* () {
      const { follow } = yield* KeyChanges
      const confirmations: Array<Confirmation> = []
      yield* Effect.scoped(follow((confirmation) => void confirmations.push(confirmation)))
      const before = confirmations.length
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const keys = yield* KeyStore
      yield* keys.delete(key.id)
      // Another follower has heard of it meanwhile.
      yield* Effect.scoped(Effect.flatMap(watch, ({ settled }) => settled))
      yield* Effect.sleep("500 millis")
      assert.strictEqual(confirmations.length, before)
    }))
}

/** What two followers were told while something was done: both the same, in the same order. */
const toldBy = <E, R>(effect: Effect.Effect<unknown, E, R>, isOwn: (change: Change) => boolean) =>
  Effect.scoped(
    Effect.gen(function* () {
      const [one, other] = [yield* watch, yield* watch]
      yield* one.settled
      yield* other.settled
      yield* effect
      yield* one.settled
      yield* other.settled
      const own = (watched: Watched) => watched.changes().filter(isOwn)
      assert.deepStrictEqual(own(one), own(other))
      return own(one)
    })
  )

const isOf =
  (...ids: ReadonlyArray<string>) =>
  (change: Change) =>
    change._tag !== "Tenants" && ids.includes(change.id)

const keyCases = (test: ContractTest): void => {
  test("tells of a key that was changed or ended in whatever way, once each", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      for (const change of [
        keys.update(key.id, { scopes: ["read"] }, at),
        keys.update(key.id, { rateLimits: [makeRateLimit()] }, at),
        keys.rotate(key.id, { at, digest: makeDigest(), hint: key.hint, overlapMillis: 1000 }),
        keys.disable(key.id, { at, reason: null }),
        keys.enable(key.id, at),
        keys.revoke(key.id, revocation),
        keys.delete(key.id)
      ]) {
        assert.deepStrictEqual(yield* toldBy(change, isOf(key.id, id)), [{ _tag: "Key", id: key.id }])
      }
    }))

  test("tells nothing of what did not change", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      yield* keys.revoke(key.id, revocation)
      const gone = absent.key()
      const project = yield* insertProject(id)
      const { digest, key: other } = yield* insertKey(id, { revokedAt: at })
      const rotation = { at, digest: makeDigest(), hint: key.hint, overlapMillis: 0 }
      const again = Effect.all([
        keys.enable(key.id, at),
        keys.disable(gone, { at, reason: null }),
        keys.rotate(other.id, rotation),
        keys.rotate(gone, rotation),
        keys.redigest(digest.bytes, makeDigest()),
        keys.revoke(key.id, { at, reason: "again" }),
        revokeAll(keyOwner({ organizationId: id }), revocation),
        revokeAll(keyOwner({ projectId: project.id }), revocation),
        keys.update(gone, { name: "Gone" }, at),
        keys.revoke(gone, revocation),
        keys.delete(gone)
      ])
      assert.deepStrictEqual(yield* toldBy(again, isOf(key.id, other.id, id, gone)), [])
    }))

  test("tells nothing of a key that is new, nor of one that was not inserted", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const newKey = makeNewKey(id, { idempotencyKey: crypto.randomUUID() })
      const stranger = makeNewKey(absent.organization())
      const insertions = Effect.all([
        keys.insert(newKey),
        keys.insert(newKey),
        Effect.flip(keys.insert(stranger)),
        Effect.flip(keys.insert({ ...newKey, idempotencyKey: null }))
      ])
      assert.deepStrictEqual(yield* toldBy(insertions, isOf(id, newKey.key.id, stranger.key.id)), [])
    }))

  test("tells of each key that was pruned", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const ended = [yield* insertKey(id, { revokedAt: at }), yield* insertKey(id, { expiresAt: at })]
      const ids = ended.map(({ key }) => key.id)
      const before = instant(at.epochMillis + 1)
      const pruning = { organizationId: id, revokedBefore: before, expiredBefore: before }
      const told = yield* toldBy(keys.prune(pruning, 100), isOf(...ids))
      assert.sameDeepMembers(
        [...told],
        ids.map((own) => ({ _tag: "Key" as const, id: own }))
      )
    }))

  for (const by of ["organizationId", "projectId", "productId"] as const) {
    test(`tells whose keys were revoked all at once, by ${by}`, () =>
      Effect.gen(function* () {
        const { organization, product, project } = yield* insertLinked
        const owners = { organizationId: organization.id, projectId: project.id, productId: product.id }
        const { organizationId, ...narrowed } = owners
        const ids = [organizationId]
        for (const _ of [1, 2]) ids.push((yield* insertKey(organizationId, narrowed)).key.id as never)
        const owner = keyOwner({ [by]: owners[by] })
        const told = yield* toldBy(revokeAll(owner, revocation), isOf(...ids))
        assert.deepStrictEqual(told, [{ _tag: "KeysOfOrganization", id: organizationId }])
      }))
  }
}

const isTenants = ({ _tag }: Change) => _tag === "Tenants"

/** Others may change tenants meanwhile, of which no change says which: so there are a few attempts. */
const assertQuiet = <E, R>(attempt: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    for (let attempts = 5; attempts > 0; attempts--) {
      if ((yield* toldBy(attempt, isTenants)).length === 0) return
    }
    assert.fail("it told of a change of tenants each time")
  })

const tenantCases = (test: ContractTest): void => {
  test("tells of links, and of tenants that were deleted", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { id } = yield* insertOrganization()
      const project = yield* insertProject(id)
      const product = yield* insertProduct(id)
      const link = { projectId: project.id, productId: product.id }
      for (const [what, change] of [
        ["link", tenants.link(link)],
        ["unlink", tenants.unlink(link)],
        ["project", tenants.deleteProject(project.id)],
        ["product", tenants.deleteProduct(product.id)],
        ["organization", tenants.deleteOrganization(id)]
      ] as const) {
        assert.isNotEmpty(yield* toldBy(change, isTenants), what)
      }
    }))

  test("tells nothing of tenants that are new or renamed, of links that stay, nor of what was refused", () =>
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const { organization, product, project } = yield* insertLinked
      yield* insertKey(organization.id, { projectId: project.id, productId: product.id })
      yield* assertQuiet(
        Effect.gen(function* () {
          const created = yield* insertOrganization()
          yield* insertProject(created.id)
          yield* insertProduct(created.id)
          yield* tenants.renameOrganization(organization.id, uniqueName() as never)
          yield* tenants.renameProject(project.id, uniqueName() as never)
          yield* tenants.renameProduct(product.id, uniqueName() as never)
        })
      )
      const nothing = [
        tenants.link({ projectId: project.id, productId: product.id }),
        tenants.unlink({ projectId: project.id, productId: absent.product() })
      ]
      const refused = [
        tenants.link({ projectId: absent.project(), productId: product.id }),
        tenants.deleteOrganization(organization.id),
        tenants.deleteProject(project.id),
        tenants.deleteProduct(product.id),
        tenants.deleteProject(absent.project())
      ]
      yield* assertQuiet(Effect.all([...nothing, ...refused.map(Effect.flip)]))
    }))
}

const orderCases = (test: ContractTest): void => {
  test("tells in the order in which changes were made", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const own = yield* Effect.forEach(Array.from({ length: 5 }), () => insertKey(id))
      const ids = [...own, ...own].map(({ key }) => key.id)
      const inTurn = Effect.forEach(ids, (each, i) => keys.update(each, { name: `${i}` }, at))
      const told = yield* toldBy(inTurn, isOf(...ids))
      assert.deepStrictEqual(
        told,
        ids.map((each) => ({ _tag: "Key", id: each }))
      )
    }))

  test(`tells each of ${many} changes that are made at once, to all in one order`, () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const own = yield* Effect.forEach(Array.from({ length: many }), () => insertKey(id))
      const ids = own.map(({ key }) => key.id)
      const together = Effect.map(atOnce(ids.map((each) => keys.revoke(each, revocation))), assertAllSucceeded)
      const told = yield* toldBy(together, isOf(...ids))
      assert.deepStrictEqual(told.map((change) => (change._tag === "Key" ? change.id : "")).sort(), [...ids].sort())
    }))
}
