import { KeyStore, MemoryStore, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization, limitsOfGoodKeys, makeRateLimit, storeContract } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, TestClock } from "effect"

storeContract("memory", MemoryStore.layerWithTables, {
  rawReads: { tables: Effect.flatten(MemoryStore.Tables) },
  clock: MemoryStore.layer
})

describe("MemoryStore", () => {
  it.effect("is a new and empty store each time it is built", () =>
    Effect.gen(function* () {
      const organization = yield* Effect.provide(insertOrganization(), MemoryStore.layer)
      const find = Effect.flatMap(TenantStore, (tenants) => tenants.findOrganization(organization.id))
      assert.isTrue(Option.isNone(yield* Effect.provide(find, MemoryStore.layer)))
    })
  )

  it.effect("is one store to all that it is provided to together", () =>
    Effect.gen(function* () {
      const filled = Layer.provideMerge(Layer.effectDiscard(insertOrganization({ name: "Shared" })), MemoryStore.layer)
      const list = Effect.flatMap(TenantStore, (tenants) => tenants.listOrganizations({ after: null, take: 10 }))
      const names = Effect.map(list, (organizations) => organizations.map(({ name }) => String(name)))
      assert.deepStrictEqual(yield* Effect.provide(names, filled), ["Shared"])
    })
  )

  it.effect("takes the time of charges from the clock of whoever charges", () =>
    Effect.gen(function* () {
      const limits = yield* limitsOfGoodKeys
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id)
      const charge = limits.charge([{ keyId: key.id, limits: [makeRateLimit({ requests: 1 })], cost: 1 }])
      const allowed = Effect.map(charge, ([outcome]) => outcome?.allowed)
      yield* TestClock.setTime(59_999)
      assert.deepStrictEqual([yield* allowed, yield* allowed], [true, false])
      yield* TestClock.adjust(1)
      assert.isTrue(yield* allowed)
    }).pipe(Effect.provide(MemoryStore.layer))
  )

  it.effect("gives out frozen values, and entities of which each caller has its own", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id, {
        scopes: ["read"],
        rateLimits: [makeRateLimit()],
        metadata: { nested: { list: [{}] } }
      })
      const read = Effect.map(keys.find(key.id), Option.getOrThrow)
      const [one, other] = [yield* read, yield* read]
      assert.notStrictEqual(one, other)
      assert.notStrictEqual(one.createdAt, other.createdAt)
      const { nested } = one.metadata as { readonly nested: { readonly list: ReadonlyArray<object> } }
      for (const value of [one.scopes, one.rateLimits, one.rateLimits[0], one.metadata, nested, nested.list[0]]) {
        assert.isFrozen(value)
      }
    }).pipe(Effect.provide(MemoryStore.layer))
  )
})
