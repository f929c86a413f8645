import { assert, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, Fiber, FastCheck as fc, Redacted, TestClock } from "effect"
import {
  ApiKeys,
  type Change,
  type KeyId,
  KeyStore,
  KeyVerifier,
  MemoryStore,
  type StoreLayer,
  Tenants
} from "../../../src/index.js"
import { interceptStore } from "../../../src/testing/index.js"
import { makeChannel, remembering } from "../changes.js"

const keyCount = 4

/** What happens, in whatever order. Look-ups read at once, and are answered when the test says so. */
type Step =
  | { readonly _tag: "verify" | "revokeHere" | "revokeElsewhere"; readonly key: number }
  | { readonly _tag: "answer" | "tell" | "miss" | "revokeAllElsewhere" }
  | { readonly _tag: "wait"; readonly millis: number }

const ofKey = (tag: "verify" | "revokeHere" | "revokeElsewhere") =>
  fc.integer({ min: 0, max: keyCount - 1 }).map((key): Step => ({ _tag: tag, key }))

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: ofKey("verify") },
  { weight: 6, arbitrary: fc.constant<Step>({ _tag: "answer" }) },
  { weight: 4, arbitrary: fc.constant<Step>({ _tag: "tell" }) },
  { weight: 3, arbitrary: ofKey("revokeElsewhere") },
  { weight: 1, arbitrary: ofKey("revokeHere") },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ _tag: "miss" }, { _tag: "revokeAllElsewhere" }) },
  { weight: 2, arbitrary: fc.constantFrom(100, 300, 700, 1000).map((millis): Step => ({ _tag: "wait", millis })) }
)

/** A store whose look-ups are answered one after the other, when they are let go. */
const makeGate = () => {
  let gated = false
  let held: Array<Deferred.Deferred<void>> = []
  let reads = 0
  const store: StoreLayer = interceptStore(MemoryStore.layer, ({ member }, effect) => {
    if (member !== "KeyStore.findByDigests" || !gated) return effect
    return Effect.gen(function* () {
      reads++
      const answer = yield* Effect.exit(effect)
      const gate = yield* Deferred.make<void>()
      held.push(gate)
      yield* Deferred.await(gate)
      return yield* answer
    })
  })
  return {
    store,
    reads: () => reads,
    close: () => {
      gated = true
    },
    answerOne: Effect.suspend(() => {
      const [first, ...others] = held
      held = others
      return first === undefined ? Effect.void : Deferred.succeed(first, undefined)
    }),
    open: Effect.suspend(() => {
      gated = false
      return Effect.forEach(held, (gate) => Deferred.succeed(gate, undefined))
    })
  }
}

interface Call {
  readonly outcome: Fiber.Fiber<"passed" | "revoked">
  /** Whether this process knew before the call began that the key is revoked, or had had a second to learn it. */
  readonly mustFail: boolean
  readonly mustPass: () => boolean
}

/** A key, and what is known of its end. */
interface Played {
  readonly id: KeyId
  readonly plaintext: string
  revokedAt: number | null
  applied: boolean
}

const settle = Effect.yieldNow().pipe(Effect.repeatN(20))

const play = (steps: ReadonlyArray<Step>) => {
  const channel = makeChannel()
  const gate = makeGate()
  return Effect.gen(function* () {
    const tenants = yield* Tenants
    const service = yield* ApiKeys
    const store = yield* KeyStore
    const verifier = yield* KeyVerifier
    const clock = yield* Effect.clock
    const now = () => clock.unsafeCurrentTimeMillis()
    const { id: organizationId } = yield* tenants.createOrganization({ name: "Acme Inc" })
    const keys = yield* Effect.forEach(Array.from({ length: keyCount }), () =>
      Effect.map(
        service.createKey({ organizationId }),
        ({ key, plaintext }): Played => ({
          id: key.id,
          plaintext: Redacted.value(plaintext),
          revokedAt: null,
          applied: false
        })
      )
    )
    yield* channel.confirm()
    gate.close()

    let untold: Array<{ readonly change: Change; readonly of: ReadonlyArray<Played> }> = []
    const calls: Array<Call> = []
    const revocation = { at: DateTime.unsafeMake(0), reason: null }
    const keyOf = (index: number) => keys[index] as Played

    const verify = (key: Played) =>
      Effect.gen(function* () {
        const mustFail = key.applied || (key.revokedAt !== null && now() - key.revokedAt >= 1000)
        const outcome = yield* Effect.fork(
          verifier.verifyKey(key.plaintext).pipe(
            Effect.as("passed" as const),
            Effect.catchTag("RevokedKeyError", () => Effect.succeed("revoked" as const)),
            Effect.orDie
          )
        )
        yield* settle
        calls.push({ outcome, mustFail, mustPass: () => key.revokedAt === null })
      })
    const revoked = (of: ReadonlyArray<Played>) => {
      for (const key of of) key.revokedAt ??= now()
    }
    const tell = (options: { readonly missed?: boolean }) =>
      Effect.gen(function* () {
        yield* channel.confirm(options.missed === true ? [] : untold.map(({ change }) => change), options)
        for (const key of untold.flatMap(({ of }) => of)) key.applied = true
        untold = []
      })

    for (const each of steps) {
      switch (each._tag) {
        case "verify":
          yield* verify(keyOf(each.key))
          break
        case "answer":
          yield* gate.answerOne
          yield* settle
          break
        case "tell":
          yield* tell({})
          break
        case "miss":
          yield* tell({ missed: true })
          break
        case "wait":
          yield* TestClock.adjust(each.millis)
          break
        case "revokeHere": {
          const key = keyOf(each.key)
          yield* service.revokeKey(key.id)
          revoked([key])
          key.applied = true
          break
        }
        case "revokeElsewhere": {
          const key = keyOf(each.key)
          yield* store.revoke(key.id, revocation)
          revoked([key])
          untold.push({ change: { _tag: "Key", id: key.id }, of: [key] })
          break
        }
        case "revokeAllElsewhere":
          yield* store.fence({ organizationId, projectId: null, productId: null }, revocation)
          revoked(keys)
          untold.push({ change: { _tag: "KeysOfOrganization", id: organizationId }, of: keys })
          break
      }
    }
    yield* gate.open
    for (const { mustFail, mustPass, outcome } of calls) {
      const became = yield* Fiber.join(outcome)
      if (mustFail) assert.strictEqual(became, "revoked")
      if (mustPass()) assert.strictEqual(became, "passed")
    }
    return gate.reads()
  }).pipe(Effect.provide(remembering(channel, { usage: "off" }, gate.store)))
}

it.effect.prop(
  "no interleaving of changes, look-ups and confirmations serves a revoked key once its revocation was applied",
  [fc.array(step, { minLength: 10, maxLength: 80, size: "max" })],
  ([steps]) => Effect.asVoid(play(steps)),
  { fastCheck: { numRuns: 60 }, timeout: 120_000 }
)

const verify: Step = { _tag: "verify", key: 0 }
const revokeElsewhere: Step = { _tag: "revokeElsewhere", key: 0 }
const answer: Step = { _tag: "answer" }
const tell: Step = { _tag: "tell" }
const wait = (millis: number): Step => ({ _tag: "wait", millis })

const interleavings: ReadonlyArray<readonly [string, ReadonlyArray<Step>]> = [
  ["a look-up that had read before the change was told", [verify, revokeElsewhere, tell, answer, verify]],
  ["a look-up that had read before a change of this process", [verify, { _tag: "revokeHere", key: 0 }, answer, verify]],
  ["a look-up that is still under way after the change", [verify, revokeElsewhere, tell, verify]],
  ["a look-up that hangs for a second", [verify, revokeElsewhere, wait(1000), verify]],
  ["what is remembered, while the channel is silent", [verify, answer, revokeElsewhere, wait(1000), verify]],
  ["what is remembered, once changes were missed", [verify, answer, revokeElsewhere, { _tag: "miss" }, verify]]
]

for (const [what, steps] of interleavings) {
  it.effect(`a revoked key is not served from ${what}`, () => Effect.asVoid(play(steps)))
}

it.effect("the store is asked but once while nothing is changed", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* play([verify, verify, answer, verify, tell, wait(700), verify]), 1)
  })
)
