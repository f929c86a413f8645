import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, TestClock } from "effect"
import { issue, isWellFormed } from "../../../src/domain/KeyToken.js"
import { ApiKeys, KeyVerifier, MemoryStore, TenantStore, Tenants } from "../../../src/index.js"
import { interceptStore, makeStoreCalls } from "../../../src/testing/index.js"
import { makeChannel, remembering } from "../changes.js"
import { issueKey } from "../live.js"

/** A key that has the form of one, and that nobody issued. */
const madeUp = (): string => {
  const text = issue("myapp", (size) => crypto.getRandomValues(new Uint8Array(size)))
  assert.isTrue(isWellFormed(text, new Set(["myapp"])))
  return text
}

const setUp = () => {
  const channel = makeChannel()
  const calls = makeStoreCalls()
  return { channel, calls, live: remembering(channel, {}, calls.wrap(MemoryStore.layer)) }
}

describe("a process that is told of changes", () => {
  it.effect("asks the store once for a key, and not at all while it is told that nothing changed", () => {
    const { calls, channel, live } = setUp()
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey({ scopes: ["read"] })
      yield* channel.confirm()
      yield* verifier.validateKey(plaintext)
      calls.clear()
      for (let n = 2; n < 50; n++) {
        const { key } = yield* verifier.validateKey(plaintext, { requiredScopes: ["read"] })
        assert.strictEqual(key.useCount, n)
      }
      assert.strictEqual(calls.count(), 0)
      yield* TestClock.adjust("749 millis")
      yield* verifier.validateKey(plaintext)
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 0)
      yield* TestClock.adjust("1 millis")
      yield* verifier.validateKey(plaintext)
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 1)
      yield* channel.confirm()
      yield* verifier.validateKey(plaintext)
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 1)
    }).pipe(Effect.provide(live))
  })

  it.effect("reads a key anew when its time is over, also while nothing changes", () => {
    const { calls, channel, live } = setUp()
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey()
      yield* channel.confirm()
      yield* verifier.verifyKey(plaintext)
      yield* TestClock.adjust("60 seconds")
      yield* channel.confirm()
      yield* verifier.verifyKey(plaintext)
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 2)
    }).pipe(Effect.provide(live))
  })

  it.effect("remembers as many keys as there is memory for", () => {
    const { calls, channel } = setUp()
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const metadata = { list: Array.from({ length: 100 }, () => ({})) }
      const issued = yield* Effect.forEach(Array.from({ length: 20 }), () => issueKey({ metadata }))
      yield* channel.confirm()
      for (const _ of [1, 2]) for (const { plaintext } of issued) yield* verifier.verifyKey(plaintext)
      assert.isAbove(calls.count("KeyStore.findByDigests"), 30)
      calls.clear()
      for (const _ of [1, 2]) yield* verifier.verifyKey(issued[0]?.plaintext ?? "")
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 1)
    }).pipe(Effect.provide(remembering(channel, { cache: { maxBytes: 40_000 } }, calls.wrap(MemoryStore.layer))))
  })

  it.effect("remembers nothing where it is told to, or where the store tells of no changes", () => {
    const { calls, channel } = setUp()
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey()
      yield* channel.confirm()
      for (let n = 0; n < 3; n++) yield* verifier.verifyKey(plaintext)
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 3)
    }).pipe(Effect.provide(remembering(channel, { cache: false }, calls.wrap(MemoryStore.layer))))
  })

  it.effect("relies on no link that it remembers while it is told of nothing, though the key is read anew", () => {
    const { channel, live } = setUp()
    return Effect.gen(function* () {
      const [tenants, keys, verifier] = [yield* Tenants, yield* ApiKeys, yield* KeyVerifier]
      const { id: organizationId } = yield* tenants.createOrganization({ name: "Linked" })
      const project = yield* tenants.createProject({ organizationId, name: "v1" })
      const product = yield* tenants.createProduct({ organizationId, name: "API" })
      const link = { projectId: project.id, productId: product.id }
      yield* tenants.addProductToProject(link)
      const { plaintext } = yield* keys.createKey({ organizationId, productId: product.id })
      yield* channel.confirm()
      for (const _ of [1, 2]) yield* verifier.validateKey(plaintext, { projectId: project.id })
      yield* TestClock.adjust("750 millis")
      yield* (yield* TenantStore).unlink(link)
      const refused = yield* Effect.flip(verifier.validateKey(plaintext, { projectId: project.id }))
      assert.strictEqual(refused._tag, "KeyNotAllowedError")
    }).pipe(Effect.provide(live))
  })

  it.effect("sees its own changes at once, whatever they are", () => {
    const { channel, live } = setUp()
    return Effect.gen(function* () {
      const keys = yield* ApiKeys
      const tenants = yield* Tenants
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey({ scopes: ["read"] })
      const { organizationId } = key
      const other = yield* issueKey()
      const owned = { organizationId, name: "Website" }
      yield* channel.confirm()
      const outcome = (options?: object, text = plaintext) =>
        Effect.match(verifier.validateKey(text, options), { onFailure: ({ _tag }) => _tag, onSuccess: () => "passed" })

      assert.strictEqual(yield* outcome({ requiredScopes: ["write"] }), "InsufficientScopeError")
      yield* keys.updateKey(key.id, { scopes: ["write"] })
      assert.strictEqual(yield* outcome({ requiredScopes: ["write"] }), "passed")

      const project = yield* tenants.createProject(owned)
      const product = yield* tenants.createProduct(owned)
      const both = { projectId: project.id, productId: product.id }
      assert.strictEqual(yield* outcome(both), "KeyNotAllowedError")
      yield* tenants.addProductToProject(both)
      assert.strictEqual(yield* outcome(both), "passed")
      yield* tenants.removeProductFromProject(both)
      assert.strictEqual(yield* outcome(both), "KeyNotAllowedError")
      assert.strictEqual(yield* outcome({ projectId: project.id }), "passed")
      yield* tenants.deleteProject(project.id)
      assert.strictEqual(yield* outcome({ projectId: project.id }), "KeyNotAllowedError")

      yield* keys.revokeKey(key.id)
      assert.strictEqual(yield* outcome(), "RevokedKeyError")
      assert.strictEqual(yield* outcome({}, other.plaintext), "passed")
      yield* keys.revokeKeys({ organizationId })
      assert.strictEqual(yield* outcome({}, other.plaintext), "RevokedKeyError")
      yield* keys.deleteKey(key.id)
      assert.strictEqual(yield* outcome(), "InvalidKeyError")
    }).pipe(Effect.provide(live))
  })

  it.effect("forgets what a change that failed may have altered all the same", () => {
    const channel = makeChannel()
    let lost = false
    const store = interceptStore(MemoryStore.layer, ({ member }, effect) =>
      member === "KeyStore.revoke" && lost ? Effect.zipRight(effect, Effect.die("the answer was lost")) : effect
    )
    return Effect.gen(function* () {
      const keys = yield* ApiKeys
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey()
      yield* channel.confirm()
      yield* verifier.verifyKey(plaintext)
      lost = true
      yield* Effect.exit(keys.revokeKey(key.id))
      assert.strictEqual((yield* Effect.flip(verifier.verifyKey(plaintext)))._tag, "RevokedKeyError")
    }).pipe(Effect.provide(remembering(channel, {}, store)))
  })

  it.effect("looks up once what many ask for at once, and answers the others when the first is interrupted", () => {
    const channel = makeChannel()
    let reads = 0
    return Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const store = interceptStore(MemoryStore.layer, ({ member }, effect) => {
        if (member !== "KeyStore.findByDigests") return effect
        reads++
        return Effect.zipRight(Deferred.await(gate), effect)
      })
      yield* Effect.gen(function* () {
        const verifier = yield* KeyVerifier
        const { plaintext } = yield* issueKey()
        yield* channel.confirm()
        const calls = yield* Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.fork(verifier.verifyKey(plaintext))
        )
        yield* Effect.repeatN(Effect.yieldNow(), 20)
        assert.strictEqual(reads, 1)
        const [first, ...others] = calls
        if (first !== undefined) yield* Fiber.interrupt(first)
        yield* Effect.repeatN(Effect.yieldNow(), 20)
        yield* Deferred.succeed(gate, undefined)
        const counts = yield* Effect.forEach(others, (call) => Effect.map(Fiber.join(call), ({ key }) => key.useCount))
        assert.deepStrictEqual(
          counts.sort((one, other) => one - other),
          Array.from({ length: 19 }, (_, n) => n + 1)
        )
        assert.isAtMost(reads, 2)
      }).pipe(Effect.provide(remembering(channel, {}, store)))
    })
  })
})

describe("keys that somebody makes up", () => {
  it.effect("are looked up once in half a second, and evict nothing", () => {
    const { calls, channel, live } = setUp()
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey()
      yield* channel.confirm()
      yield* verifier.verifyKey(plaintext)
      calls.clear()
      const text = madeUp()
      for (let n = 0; n < 10; n++) yield* Effect.flip(verifier.verifyKey(text))
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 1)
      yield* TestClock.adjust("500 millis")
      yield* Effect.flip(verifier.verifyKey(text))
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 2)
      for (let n = 0; n < 3000; n++) yield* Effect.flip(verifier.verifyKey(madeUp()))
      calls.clear()
      yield* verifier.verifyKey(plaintext)
      assert.strictEqual(calls.count("KeyStore.findByDigests"), 0)
    }).pipe(Effect.provide(live))
  })

  it.effect("fail as a StoreError that is worth a retry where too many wait, and let the others through after", () => {
    const channel = makeChannel()
    let hangs = true
    const store = interceptStore(MemoryStore.layer, ({ member }, effect) =>
      member === "KeyStore.findByDigests" && hangs ? Effect.never : effect
    )
    return Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { plaintext } = yield* issueKey()
      yield* channel.confirm()
      const text = madeUp()
      const waiting = yield* Effect.forEach(Array.from({ length: 10_000 }), () => Effect.fork(verifier.verifyKey(text)))
      yield* Effect.repeatN(Effect.yieldNow(), 20)
      const refused = yield* Effect.flip(verifier.verifyKey(plaintext))
      assert.deepInclude(refused as object, { _tag: "StoreError", retryable: true })
      yield* Fiber.interruptAll(waiting)
      hangs = false
      // Whatever was under way hangs for good, and takes one of the two queries with it.
      assert.isNotNull((yield* verifier.verifyKey(plaintext)).key.id)
    }).pipe(Effect.provide(remembering(channel, {}, store)))
  })
})
