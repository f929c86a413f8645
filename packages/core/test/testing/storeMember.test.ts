import { MemoryStore, StoreHealth, TenantStore } from "@apikeys/core"
import { makeOrganization, makeStoreCalls, makeStoreFaults } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option } from "effect"

describe("makeStoreFaults", () => {
  const insert = Effect.gen(function* () {
    const tenants = yield* TenantStore
    const organization = makeOrganization()
    const exit = yield* Effect.exit(tenants.insertOrganization(organization))
    const found = yield* tenants.findOrganization(organization.id)
    return [exit, Option.isSome(found)] as const
  })

  const insertFault = Effect.fn(function* (fault: "fail" | "lose" | "die") {
    const faults = makeStoreFaults()
    faults.inject("TenantStore.insertOrganization", fault, 1)
    return yield* Effect.provide(Effect.zip(insert, insert), faults.wrap(MemoryStore.layer))
  })

  it.effect("fails, once and without doing anything", () =>
    Effect.gen(function* () {
      const [[first, kept], [second]] = yield* insertFault("fail")
      assert.isFalse(kept)
      assert.isTrue(Exit.isSuccess(second))
      const error = Exit.isFailure(first) ? Option.getOrThrow(Cause.failureOption(first.cause)) : null
      assert.deepInclude(error, {
        _tag: "StoreError",
        operation: "TenantStore.insertOrganization",
        retryable: true
      })
    })
  )

  it.effect("loses the answer of what was done", () =>
    Effect.gen(function* () {
      const [[first, kept]] = yield* insertFault("lose")
      assert.isTrue(Exit.isFailure(first) && Cause.isFailure(first.cause))
      assert.isTrue(kept)
    })
  )

  it.effect("dies", () =>
    Effect.gen(function* () {
      const [[first, kept]] = yield* insertFault("die")
      assert.isTrue(Exit.isFailure(first) && Cause.isDie(first.cause))
      assert.isFalse(kept)
    })
  )

  it.live("hangs, whatever is called, until it is cleared", () =>
    Effect.gen(function* () {
      const faults = makeStoreFaults()
      faults.inject("all", "hang")
      const ping = Effect.flatMap(StoreHealth, (health) => Effect.timeoutOption(health.ping, 20))
      const both = Effect.zip(
        ping,
        Effect.suspend(() => {
          faults.clear()
          return ping
        })
      )
      const [hanging, answered] = yield* Effect.provide(both, faults.wrap(MemoryStore.layer))
      assert.deepStrictEqual([Option.isNone(hanging), Option.isSome(answered)], [true, true])
    })
  )
})

describe("makeStoreCalls", () => {
  it.effect("counts each run of each member, with its arguments", () =>
    Effect.gen(function* () {
      const calls = makeStoreCalls()
      const organization = makeOrganization()
      const program = Effect.gen(function* () {
        const tenants = yield* TenantStore
        const { ping } = yield* StoreHealth
        const find = tenants.findOrganization(organization.id)
        yield* tenants.insertOrganization(organization)
        yield* find
        yield* find
        yield* ping
        tenants.deleteOrganization(organization.id)
      })
      yield* Effect.provide(program, calls.wrap(MemoryStore.layer))
      assert.deepStrictEqual(
        calls.all().map(({ args, member }) => [member, ...args]),
        [
          ["TenantStore.insertOrganization", organization],
          ["TenantStore.findOrganization", organization.id],
          ["TenantStore.findOrganization", organization.id],
          ["StoreHealth.ping"]
        ]
      )
      assert.deepStrictEqual([calls.count(), calls.count("StoreHealth.ping")], [4, 1])
      calls.clear()
      assert.strictEqual(calls.count(), 0)
    })
  )
})
