import { assert } from "@effect/vitest"
import { Clock, Effect, Option } from "effect"
import type { KeyId } from "../domain/Ids.js"
import type { KeyEnding } from "../domain/KeyEnding.js"
import { KeyStore } from "../ports/KeyStore.js"
import type { Admission, Ended } from "../ports/RateLimitStore.js"
import type { ContractTest } from "./contract.js"
import { absent, fixtureTime, insertKey, insertOrganization, instant, keyOwner, revokeAll } from "./fixtures.js"
import { patientLimits } from "./patience.js"
import { remaining, slow } from "./rateLimitFixtures.js"

const at = fixtureTime + 1000
const limits = [slow({ requests: 100 })]

/** A key that is charged once, and then ended. */
const endedBy = (end: (id: KeyId) => Effect.Effect<unknown, unknown, KeyStore>) =>
  Effect.gen(function* () {
    const store = yield* patientLimits
    const { id } = yield* insertOrganization()
    const { key } = yield* insertKey(id)
    const [admitted] = yield* store.admit([admission(key.id)])
    assert.deepInclude(admitted, { usage: { useCount: 1, lastUsedAt: instant(fixtureTime) } })
    yield* end(key.id)
    return key.id
  })

const admission = (keyId: KeyId, fields: Partial<Admission> = {}): Admission => ({
  keyId,
  limits,
  cost: 1,
  usedAt: instant(fixtureTime),
  ...fields
})

const answerOf = (status: KeyEnding["status"]): Ended => ({
  _tag: "Ended",
  ending: status === "deleted" ? { status, at: null } : { status, at }
})

const keys = <A, E>(use: (store: typeof KeyStore.Service) => Effect.Effect<A, E>) => Effect.flatMap(KeyStore, use)

const endings: ReadonlyArray<
  readonly [ending: KeyEnding["status"], end: (id: KeyId) => Effect.Effect<unknown, unknown, KeyStore>]
> = [
  ["revoked", (id) => keys((store) => store.revoke(id, { at: instant(at), reason: null }))],
  ["disabled", (id) => keys((store) => store.disable(id, { at: instant(at), reason: null }))],
  ["expired", (id) => keys((store) => store.update(id, { expiresAt: instant(at) }, instant(at)))],
  ["deleted", (id) => keys((store) => store.delete(id))]
]

/** What is charged of keys that have ended: nothing. */
export const endedKeyContract = (test: ContractTest): void => {
  for (const [status, end] of endings) {
    test(`charges, counts and leases nothing of a key that is ${status} by then, and says so`, () =>
      Effect.gen(function* () {
        const store = yield* patientLimits
        const ended = yield* endedBy(end)
        const good = yield* endedBy(() => Effect.void)
        const answer = answerOf(status)
        const charge = { limits, cost: 1 }
        const charged = yield* store.charge([
          { ...charge, keyId: ended },
          { ...charge, keyId: good }
        ])
        assert.deepStrictEqual([charged[0], charged[1] && "allowed" in charged[1]], [answer, true])
        const admitted = yield* store.admit([
          admission(good),
          admission(ended),
          admission(ended, { limits: [] }),
          admission(ended, { usedAt: null })
        ])
        assert.deepStrictEqual(admitted.slice(1), [answer, answer, answer])
        const leased = yield* store.lease([
          { ...charge, keyId: ended, ahead: 5, refund: null },
          { ...charge, keyId: good, ahead: 5, refund: null },
          { ...charge, keyId: ended, cost: 0, ahead: 5, refund: null }
        ])
        assert.deepStrictEqual([leased[0], leased[2]], [answer, answer])
        assert.deepStrictEqual(yield* remaining(good, limits), [91])
        if (status === "deleted") return
        assert.deepStrictEqual(yield* remaining(ended, limits), [99])
        const key = Option.getOrThrow(yield* keys((all) => all.find(ended)))
        assert.strictEqual(key.useCount, 1)
      }))
  }

  test("charges nothing of the keys of an owner that is fenced, whether or not their rows are written", () =>
    Effect.gen(function* () {
      const store = yield* patientLimits
      const { id: organizationId } = yield* insertOrganization()
      const { key } = yield* insertKey(organizationId)
      const charge = { limits, cost: 1, keyId: key.id }
      yield* store.charge([charge])
      const all = yield* KeyStore
      yield* all.fence(keyOwner({ organizationId }), { at: instant(at), reason: null })
      const answer = answerOf("revoked")
      assert.deepStrictEqual(yield* store.charge([charge]), [answer])
      assert.deepStrictEqual(yield* store.admit([admission(key.id, { limits: [] })]), [answer])
      yield* revokeAll(keyOwner({ organizationId }), { at: instant(at + 5), reason: null })
      assert.deepStrictEqual(yield* store.charge([charge]), [answer])
    }))

  test("goes by the clock of the process for expiry, and charges a key that is good again", () =>
    Effect.gen(function* () {
      const store = yield* patientLimits
      const all = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const now = yield* Clock.currentTimeMillis
      const allowed = Effect.map(store.charge([{ keyId: key.id, limits, cost: 1 }]), ([answer]) =>
        answer !== undefined && "allowed" in answer ? answer.allowed : answer?.ending.status
      )
      yield* all.update(key.id, { expiresAt: instant(now - 1) }, instant(now))
      yield* all.disable(key.id, { at: instant(now), reason: null })
      assert.strictEqual(yield* allowed, "expired")
      yield* all.update(key.id, { expiresAt: instant(now + 3_600_000) }, instant(now))
      assert.strictEqual(yield* allowed, "disabled")
      yield* all.enable(key.id, instant(now))
      assert.isTrue(yield* allowed)
    }))

  test("shows the limits of a key that has ended, and takes back what was leased of it", () =>
    Effect.gen(function* () {
      const store = yield* patientLimits
      const all = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const [leased] = yield* store.lease([{ keyId: key.id, limits, cost: 1, ahead: 6, refund: null }])
      const lease = leased !== undefined && "lease" in leased ? leased.lease : null
      if (lease === null) return assert.fail("nothing was leased")
      yield* all.revoke(key.id, { at: instant(at), reason: null })
      assert.deepStrictEqual(yield* remaining(key.id, limits), [93])
      assert.deepStrictEqual(yield* store.refund([{ keyId: key.id, limits, lease }]), [])
      assert.deepStrictEqual(yield* remaining(key.id, limits), [99])
      assert.deepStrictEqual(yield* store.refund([{ keyId: absent.key(), limits, lease }]), [])
    }))
}
