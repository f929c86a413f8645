import {
  ApiKeyClient,
  ApiKeys,
  InvalidKeyError,
  KeyVerifier,
  MemoryStore,
  Store,
  StoreError,
  Tenants
} from "@apikeys/core"
import { Context, Effect, Exit, Layer, ManagedRuntime, Redacted, Tracer } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type VerifierSource, verifierOf } from "../src/index.js"

const signingSecret = "of no use but for this very test: 0123456789"

const setUp = Effect.gen(function* () {
  const tenants = yield* Tenants
  const keys = yield* ApiKeys
  const organization = yield* tenants.createOrganization({ name: "Acme Inc" })
  const { plaintext } = yield* keys.createKey({
    organizationId: organization.id,
    scopes: ["read"],
    rateLimits: [{ requests: 10, window: "minute" }],
    metadata: { plan: "pro" },
    expiresAt: new Date("9999-01-01")
  })
  return Redacted.value(plaintext)
})

/** A tracer that keeps what it is told. */
const recorder = () => {
  const spans: Array<{ readonly name: string; readonly attributes: Map<string, unknown>; ended: boolean }> = []
  const tracer = Tracer.make({
    context: (run) => run(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const told = { name, attributes, ended: false }
      spans.push(told)
      return {
        _tag: "Span",
        name,
        spanId: "1",
        traceId: "1",
        parent,
        context,
        links,
        kind,
        sampled: true,
        status: { _tag: "Started", startTime },
        attributes,
        attribute: (key, value) => void attributes.set(key, value),
        event: () => undefined,
        addLinks: () => undefined,
        end: () => {
          told.ended = true
        }
      }
    }
  })
  return { spans, layer: Layer.setTracer(tracer) }
}

describe("verifierOf", () => {
  const ports = MemoryStore.layer
  const services = ApiKeys.layer({ signingSecret, keyPrefix: "myapp" }).pipe(Layer.provideMerge(ports))
  const managed = ManagedRuntime.make(services)
  let plaintext: string
  let client: ApiKeyClient
  let sources: ReadonlyArray<VerifierSource>

  beforeAll(async () => {
    plaintext = await managed.runPromise(setUp)
    const runtime = await managed.runtime()
    const store = Store.fromLayer(Layer.succeedContext(runtime.context) as never)
    client = await ApiKeyClient.open({ store, signingSecret, keyPrefix: "myapp" })
    sources = [client, managed, runtime]
  })
  afterAll(async () => {
    await client.close()
    await managed.dispose()
  })

  it("answers with what the client answers with, and freezes it", async () => {
    const options = { requiredScopes: ["read"], cost: 0 }
    const [ofClient, ...others] = await Promise.all(
      sources.map((source) => verifierOf(source).validateKey(plaintext, options))
    )
    for (const other of others) {
      assert.deepStrictEqual(other, ofClient)
      assert.isFrozen(other)
      assert.isFrozen(other.key)
      assert.isFrozen(other.limits)
    }
  })

  it("rejects with the very errors", async () => {
    for (const source of sources) {
      const error = await verifierOf(source)
        .validateKey("nonsense", {})
        .catch((thrown: unknown) => thrown)
      assert.instanceOf(error, InvalidKeyError)
    }
  })

  it("answers at once what is in memory, and nothing else", async () => {
    const options = { requiredScopes: ["read"], checkRateLimit: false, trackUsage: false }
    for (const source of sources) {
      const verifier = verifierOf(source)
      const answer = await verifier.validateKey(plaintext, options)
      const known = verifier.tryValidateKey?.(plaintext, options)
      assert.deepStrictEqual(known, answer)
      assert.isFrozen(known)
      assert.instanceOf(verifier.tryValidateKey?.("nonsense", options), InvalidKeyError)
      // The limit is one of the store.
      assert.isNull(verifier.tryValidateKey?.(plaintext, {}))
    }
  })

  it("answers nothing at once of a runtime that is not built yet, or that was shut down", async () => {
    const { context } = await managed.runtime()
    const short = ManagedRuntime.make(Layer.succeed(KeyVerifier, Context.get(context, KeyVerifier)))
    const verifier = verifierOf(short)
    const options = { checkRateLimit: false, trackUsage: false }
    assert.isNull(verifier.tryValidateKey?.(plaintext, options))
    await verifier.validateKey(plaintext, options)
    assert.isNotNull(verifier.tryValidateKey?.(plaintext, options))
    await short.dispose()
    assert.isNull(verifier.tryValidateKey?.(plaintext, options))
  })

  it("is one and the same for a source", () => {
    for (const source of sources) assert.strictEqual(verifierOf(source), verifierOf(source))
  })

  it("rejects with StoreError where the runtime is shut down meanwhile", async () => {
    const stuck = Layer.succeed(KeyVerifier, { validateKey: () => Effect.never } as never)
    const short = ManagedRuntime.make(stuck)
    await short.runtime()
    const interrupted = Layer.succeed(KeyVerifier, { validateKey: () => Effect.interrupt } as never)
    const runtime = ManagedRuntime.make(interrupted)
    const error = await verifierOf(runtime)
      .validateKey(plaintext, {})
      .catch((thrown: unknown) => thrown)
    assert.instanceOf(error, StoreError)
    await Promise.all([short.dispose(), runtime.dispose()])
  })

  it("rejects with what a service dies of", async () => {
    const broken = ManagedRuntime.make(
      Layer.succeed(KeyVerifier, { validateKey: () => Effect.die(new RangeError("broken")) } as never)
    )
    const error = await verifierOf(broken)
      .validateKey(plaintext, {})
      .catch((thrown: unknown) => thrown)
    assert.instanceOf(error, RangeError)
    await broken.dispose()
  })

  it("makes a span of each verification where there is a tracer, without the key", async () => {
    const { layer, spans } = recorder()
    const store = Layer.succeedContext(Context.omit()((await managed.runtime()).context as never)) as Layer.Layer<never>
    const traced = ManagedRuntime.make(
      ApiKeys.layer({ signingSecret, keyPrefix: "myapp" }).pipe(
        Layer.provide(store as never),
        Layer.provideMerge(layer)
      ) as Layer.Layer<KeyVerifier>
    )
    const verifier = verifierOf(traced)
    const { key } = await verifier.validateKey(plaintext, {})
    // Which would be no span.
    assert.isNull(verifier.tryValidateKey?.("nonsense", {}))
    await verifier.validateKey("nonsense", {}).catch(() => undefined)
    const own = spans.filter(({ name }) => name === "apikeys.validateKey")
    assert.deepStrictEqual(
      own.map(({ attributes }) => Object.fromEntries(attributes)),
      [{ "apikeys.key.id": key.id, "apikeys.organization.id": key.organizationId }, { "error.type": "InvalidKeyError" }]
    )
    assert.isTrue(own.every(({ ended }) => ended))
    assert.notInclude(JSON.stringify(spans.map(({ attributes, name }) => [name, [...attributes]])), plaintext)
    await traced.dispose()
  })

  it("makes none where there is no tracer", async () => {
    const seen: Array<string> = []
    const spying = Layer.succeed(KeyVerifier, {
      validateKey: () =>
        Effect.zipRight(Effect.option(Effect.currentSpan), Effect.fail(new InvalidKeyError())).pipe(
          Effect.tapError(() => Effect.map(Effect.option(Effect.currentSpan), (span) => seen.push(span._tag)))
        )
    } as never)
    const plain = ManagedRuntime.make(spying)
    const exit = await Effect.runPromiseExit(Effect.promise(() => verifierOf(plain).validateKey(plaintext, {})))
    assert.isTrue(Exit.isFailure(exit))
    assert.deepStrictEqual(seen, ["None"])
    await plain.dispose()
  })
})
