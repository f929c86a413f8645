import { ApiKeys, KeyVerifier, Tenants } from "@apikeys/core"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Tracer } from "effect"
import { SqliteStore } from "../src/index.js"
import { tempFile } from "./tempDatabase.js"

/** A tracer that keeps every span. */
const makeTracer = () => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: String(spans.length),
        traceId: parent._tag === "Some" ? parent.value.traceId : `trace ${spans.length}`,
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes: new Map(),
        links,
        sampled: true,
        kind,
        end: () => undefined,
        attribute: () => undefined,
        event: () => undefined,
        addLinks: () => undefined
      }
      spans.push(span)
      return span
    },
    context: (run) => run()
  })
  return { spans, tracer }
}

const signingSecret = "0123456789abcdef".repeat(4)

it.scopedLive("a verification that asks the store is followed into it, and one without a span makes none", () =>
  Effect.gen(function* () {
    const filename = yield* tempFile
    const { spans, tracer } = makeTracer()
    const services = ApiKeys.layer({ signingSecret, keyPrefix: "myapp", cache: false, usage: "durable" }).pipe(
      Layer.provide(SqliteStore.layer({ filename }))
    )
    yield* Effect.gen(function* () {
      const tenants = yield* Tenants
      const verifier = yield* KeyVerifier
      const keys = yield* ApiKeys
      const { id: organizationId } = yield* tenants.createOrganization({ name: "Acme Inc" })
      const { plaintext } = yield* keys.createKey({ organizationId, rateLimits: [{ requests: 10, window: "day" }] })
      const verify = Effect.withTracer(verifier.validateKey(plaintext), tracer)
      yield* verify
      assert.deepStrictEqual(spans, [])
      yield* Effect.withTracer(Effect.withSpan(verifier.validateKey(plaintext), "request"), tracer)
    }).pipe(Effect.provide(services))
    const [request, ...others] = spans
    assert.strictEqual(request?.name, "request")
    assert.deepStrictEqual(
      others.map(({ kind, name, traceId }) => ({ kind, name, traceId })),
      ["KeyStore.findByDigests", "RateLimitStore.admit"].map((name) => ({
        kind: "client",
        name,
        traceId: request?.traceId
      }))
    )
    for (const { parent } of others) assert.strictEqual(parent._tag === "Some" && parent.value.spanId, request?.spanId)
  })
)
