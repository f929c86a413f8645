import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Redacted } from "effect"
import { ApiKeys, type ApiKeysOptions, KeyVerifier, MemoryStore } from "../../src/index.js"
import { issueKey, live, signingSecret } from "./live.js"

const refusal = (options: Partial<Record<keyof ApiKeysOptions, unknown>>) =>
  Effect.flip(Effect.scoped(Layer.build(live(options as Partial<ApiKeysOptions>))))

describe("options", () => {
  it.effect("a missing, empty or short signing secret is refused, with the way to make one", () =>
    Effect.gen(function* () {
      for (const secret of [undefined, "", "x".repeat(31), Redacted.make("short"), 32]) {
        const error = yield* refusal({ signingSecret: secret })
        assert.strictEqual(error._tag, "InvalidInputError")
        assert.include(error.message, "openssl rand -hex 32")
        assert.notInclude(error.message, "xxx")
      }
    })
  )

  it.effect("a signing secret of few different characters, or with a lone surrogate, is refused", () =>
    Effect.gen(function* () {
      const refused = [
        "x".repeat(64),
        "\ud800".repeat(32),
        `${"abcdefghijklmnopqrstuvwxyz".repeat(2)}\udc00`,
        "abcdefghijklmno".repeat(3),
        "c0ffee".repeat(10),
        "01234567".repeat(8).replaceAll("7", "0")
      ]
      for (const signingSecret of refused) {
        const error = yield* refusal({ signingSecret })
        assert.strictEqual(error._tag, "InvalidInputError")
        assert.include(error.message, "openssl rand -hex 32")
        assert.notInclude(error.message, signingSecret.slice(0, 6))
      }
      const error = yield* refusal({ previousSigningSecrets: ["short", "\ud800"] })
      assert.include(error.message, "previousSigningSecrets.1")
      const accepted = [
        "abcdefghijklmnop".repeat(2),
        `${"😀".repeat(16)}abcdefghijklmnop`,
        // What is random of 16 digits may well lack some of them.
        "0123456789abcde".repeat(5),
        `${crypto.randomUUID()}${crypto.randomUUID()}`
      ]
      for (const signingSecret of accepted) yield* Effect.scoped(Layer.build(live({ signingSecret })))
    })
  )

  it.effect("every option that breaks a rule is named", () =>
    Effect.gen(function* () {
      for (const keyPrefix of ["", "My", "9app", "app_", "a".repeat(33), "my-app"]) {
        const error = yield* refusal({ keyPrefix })
        assert.include(error.message, "keyPrefix")
      }
      for (const environment of ["", "Live", "a_b", "a".repeat(17)]) {
        assert.include((yield* refusal({ environment })).message, "environment")
      }
      assert.include((yield* refusal({ acceptedHeads: ["ok", "Not ok"] })).message, "acceptedHeads.1")
      assert.include((yield* refusal({ prefix: "myapp" } as never)).message, "prefix is not a known field")
    })
  )

  it.effect("the environment of the process configures the services", () =>
    Effect.gen(function* () {
      const verifier = yield* KeyVerifier
      const { key, plaintext } = yield* issueKey()
      assert.match(Redacted.value(plaintext), /^acme_test_/)
      assert.strictEqual((yield* verifier.verifyKey(plaintext)).key.id, key.id)
    }).pipe(
      Effect.provide(ApiKeys.layerConfig.pipe(Layer.provideMerge(MemoryStore.layer))),
      Effect.withConfigProvider(
        ConfigProvider.fromMap(
          new Map([
            ["APIKEYS_SIGNING_SECRET", signingSecret],
            ["APIKEYS_KEY_PREFIX", "acme"],
            ["APIKEYS_ENVIRONMENT", "test"],
            ["APIKEYS_ACCEPTED_HEADS", "old,older_test"]
          ]),
          { pathDelim: "_" }
        )
      )
    )
  )

  it.effect("a head that another vendor's keys have is warned of once", () =>
    Effect.gen(function* () {
      const warnings: Array<unknown> = []
      const capture = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => {
          warnings.push(message)
        })
      )
      const open = (options: Partial<ApiKeysOptions>) =>
        Effect.scoped(Layer.build(live(options))).pipe(Effect.provide(capture))
      yield* open({ keyPrefix: "sk", environment: "test" })
      assert.lengthOf(warnings, 1)
      assert.include(String(warnings[0]), "sk_test_")
      yield* open({ keyPrefix: "sk" })
      yield* open({ keyPrefix: "myapp", environment: "live" })
      assert.lengthOf(warnings, 1)
    })
  )
})

describe("accepted heads", () => {
  const heads = { keyPrefix: "fresh", environment: "live", acceptedHeads: ["myapp_live"] }

  it.effect("a changed prefix kills no key, and a head that is not named is refused", () =>
    Effect.gen(function* () {
      const store = yield* Layer.memoize(MemoryStore.layer)
      const over = (options: Partial<ApiKeysOptions>) =>
        Effect.provide(ApiKeys.layer({ signingSecret, ...options }).pipe(Layer.provide(store)))
      const issued = yield* issueKey().pipe(over({ keyPrefix: "myapp", environment: "live" }))
      const verify = Effect.flatMap(KeyVerifier, (verifier) => verifier.verifyKey(issued.plaintext))
      assert.strictEqual((yield* verify.pipe(over(heads))).key.id, issued.key.id)
      const refused = yield* verify.pipe(over({ ...heads, acceptedHeads: [] }), Effect.flip)
      assert.strictEqual(refused._tag, "InvalidKeyError")
    }).pipe(Effect.scoped)
  )
})
