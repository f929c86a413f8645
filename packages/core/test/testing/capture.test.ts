import { makeCapture, makeDigest } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Metric, Redacted } from "effect"

describe("makeCapture", () => {
  class Failure extends Error {
    readonly detail: unknown
    constructor(detail: unknown) {
      super("It failed")
      this.detail = detail
    }
  }

  const makeSecret = () => `myapp_${crypto.randomUUID().replaceAll("-", "")}`
  const counter = Metric.counter("captured")

  const leaks: Readonly<Record<string, (secret: string) => Effect.Effect<unknown, unknown>>> = {
    "a log message": (secret) => Effect.log(`issued ${secret}`),
    "a debug message": (secret) => Effect.logDebug(secret),
    "a logged object": (secret) => Effect.log({ nested: [{ key: secret }] }),
    "a logged error": (secret) => Effect.log(new Error("outer", { cause: new Failure({ key: secret }) })),
    "a logged cause": (secret) => Effect.logError("failed", Cause.fail({ key: secret })),
    "a log annotation": (secret) => Effect.annotateLogs(Effect.log("issued"), "key", secret),
    "a log span": (secret) => Effect.withLogSpan(Effect.log("issued"), secret),
    "a span's name": (secret) => Effect.withSpan(Effect.void, secret),
    "a span's attribute": (secret) => Effect.withSpan(Effect.void, "span", { attributes: { key: secret } }),
    "an annotation of a span": (secret) => Effect.withSpan(Effect.annotateCurrentSpan("key", { secret }), "span"),
    "a span's event": (secret) =>
      Effect.withSpan(
        Effect.flatMap(Effect.currentSpan, (span) => Effect.sync(() => span.event("used", 0n, { key: secret }))),
        "span"
      ),
    "a failure within a span": (secret) => Effect.withSpan(Effect.fail(new Failure(secret)), "span"),
    "a defect within a span": (secret) => Effect.withSpan(Effect.die(new Map([["key", secret]])), "span"),
    bytes: (secret) => Effect.log({ digest: new TextEncoder().encode(secret) }),
    hexadecimal: (secret) => Effect.log(Buffer.from(secret).toString("hex")),
    base64: (secret) => Effect.log(Buffer.from(secret).toString("base64")),
    "upper case": (secret) => Effect.log(secret.toUpperCase()),
    "JSON of its own": (secret) => Effect.log({ toJSON: () => ({ key: secret }) }),
    "text of its own": (secret) => Effect.log({ toString: () => secret }),
    "a metric's tag": (secret) => Metric.increment(Metric.tagged(counter, "key", secret))
  }

  for (const [where, show] of Object.entries(leaks)) {
    it.effect(`catches a secret in ${where}`, () =>
      Effect.gen(function* () {
        const capture = makeCapture()
        const secret = makeSecret()
        yield* Effect.exit(Effect.provide(show(secret), capture.layer))
        assert.isNotEmpty(capture.leaks([secret]))
        assert.isEmpty(capture.leaks([makeSecret()]))
      })
    )
  }

  it.effect("catches a secret in what is added, and says where but not what", () =>
    Effect.sync(() => {
      const capture = makeCapture()
      const secret = makeSecret()
      capture.add("rejection", new Failure(secret))
      const digest = makeDigest().bytes
      capture.add("row", { digest })
      assert.deepStrictEqual(capture.leaks(["elsewhere", secret, digest]), ["secret 1 in rejection", "secret 2 in row"])
      assert.throws(() => capture.assertNoLeak([secret]), "Secrets were shown: secret 0 in rejection")
      assert.throws(() => capture.leaks([""]))
    })
  )

  it.effect("finds nothing where nothing is shown", () =>
    Effect.gen(function* () {
      const capture = makeCapture()
      const secret = makeSecret()
      const quiet = Effect.log("issued", Redacted.make(secret)).pipe(
        Effect.zipRight(Effect.withSpan(Effect.succeed(secret), "span", { attributes: { key: Redacted.make(secret) } }))
      )
      yield* Effect.provide(quiet, capture.layer)
      assert.isNotEmpty(capture.entries())
      capture.assertNoLeak([secret])
    })
  )
})
