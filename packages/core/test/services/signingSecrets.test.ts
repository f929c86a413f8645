import { createHmac } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer, Logger, Redacted } from "effect"
import {
  ApiKeys,
  type ApiKeysOptions,
  type InvalidInputError,
  KeyStore,
  KeyVerifier,
  MemoryStore,
  StoreError,
  type StoreLayer
} from "../../src/index.js"
import { makeStoreCalls } from "../../src/testing/storeCalls.js"
import { makeStoreFaults } from "../../src/testing/storeFaults.js"
import { issueKey, live, signingSecret } from "./live.js"

const next = "fedcba9876543210fedcba9876543210"

/** Services over one store, by their options; and what they warned of. */
const makeShared = (wrap: (store: StoreLayer) => StoreLayer = (store) => store) =>
  Effect.gen(function* () {
    const warnings: Array<string> = []
    const capture = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => {
        warnings.push(String(message))
      })
    )
    const context = yield* Layer.build(wrap(MemoryStore.layer))
    const store = Layer.succeedContext(context)
    const over = (options: Partial<ApiKeysOptions>) =>
      Effect.provide(
        ApiKeys.layer({ signingSecret, keyPrefix: "myapp", ...options }).pipe(
          Layer.provide(store),
          Layer.provideMerge(capture)
        )
      )
    return { over, warnings, context }
  })

/** Of which option the first broken rule is. */
const pathOf = (error: InvalidInputError | StoreError) =>
  error._tag === "InvalidInputError" ? error.issues[0]?.path : null

const verify = (plaintext: Redacted.Redacted<string>) =>
  Effect.flatMap(KeyVerifier, (verifier) => verifier.verifyKey(plaintext))

const changed = { signingSecret: next, previousSigningSecrets: [signingSecret] }

describe("a key under a previous secret", () => {
  it.scoped("is looked up in one trip, and gets its new digest by one write, once", () =>
    Effect.gen(function* () {
      const calls = makeStoreCalls()
      const { over } = yield* makeShared((store) => calls.wrap(store))
      const { plaintext } = yield* issueKey().pipe(over({}))
      yield* Effect.gen(function* () {
        calls.clear()
        yield* verify(plaintext)
        assert.deepStrictEqual(
          calls.all().map(({ member }) => member),
          ["KeyStore.findByDigests", "KeyStore.redigest"]
        )
        calls.clear()
        yield* verify(plaintext)
        assert.strictEqual(calls.count("KeyStore.redigest"), 0)
      }).pipe(over(changed))
    })
  )

  it.scoped("is accepted although the store cannot write its new digest, and gets it at its next use", () =>
    Effect.gen(function* () {
      const faults = makeStoreFaults()
      const { over } = yield* makeShared((store) => faults.wrap(store))
      const { key, plaintext } = yield* issueKey().pipe(over({}))
      faults.inject("KeyStore.redigest", "fail", 1)
      const report = Effect.flatMap(ApiKeys, (keys) => keys.signingSecretReport())
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* verify(plaintext)).key.id, key.id)
        assert.strictEqual((yield* report).secrets[1]?.keys, 1)
        assert.strictEqual((yield* verify(plaintext)).key.useCount, 2)
        assert.strictEqual((yield* report).secrets[1]?.keys, 0)
      }).pipe(over(changed))
    })
  )

  it.scopedLive("is accepted although the store does not answer whether it wrote the new digest", () =>
    Effect.gen(function* () {
      const faults = makeStoreFaults()
      const { over } = yield* makeShared((store) => faults.wrap(store))
      const { key, plaintext } = yield* issueKey().pipe(over({}))
      faults.inject("KeyStore.redigest", "hang", 1)
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* verify(plaintext)).key.id, key.id)
        assert.strictEqual((yield* verify(plaintext)).key.useCount, 2)
        const { secrets } = yield* Effect.flatMap(ApiKeys, (keys) => keys.signingSecretReport())
        assert.strictEqual(secrets[1]?.keys, 0)
      }).pipe(over(changed))
    })
  )

  it.scoped("may be imported, by the place of the secret", () =>
    Effect.gen(function* () {
      const { over } = yield* makeShared()
      const { key, plaintext } = yield* issueKey().pipe(over({}))
      const hex = createHmac("sha256", "short").update(Redacted.value(plaintext)).digest("hex")
      yield* Effect.gen(function* () {
        const keys = yield* ApiKeys
        yield* keys.deleteKey(key.id)
        const digest = { algorithm: "hmac-sha256", hex, previousSecret: 1 } as const
        const imported = yield* keys.importKey({ organizationId: key.organizationId, digest })
        assert.strictEqual((yield* verify(plaintext)).key.id, imported.key.id)
        assert.deepStrictEqual(
          (yield* keys.signingSecretReport()).secrets.map(({ keys }) => keys),
          [1, 0, 0]
        )
      }).pipe(over({ signingSecret: next, previousSigningSecrets: [signingSecret, "short"] }))
    })
  )

  it.scoped("that is refused writes nothing", () =>
    Effect.gen(function* () {
      const { over } = yield* makeShared()
      const { key, plaintext } = yield* issueKey().pipe(over({}))
      yield* Effect.gen(function* () {
        const keys = yield* ApiKeys
        yield* keys.disableKey(key.id)
        assert.strictEqual((yield* Effect.flip(verify(plaintext)))._tag, "DisabledKeyError")
        yield* keys.revokeKey(key.id)
        assert.strictEqual((yield* Effect.flip(verify(plaintext)))._tag, "RevokedKeyError")
        const { secrets, unservedKeys } = yield* keys.signingSecretReport()
        assert.deepStrictEqual(
          secrets.map(({ keys, role }) => [role, keys]),
          [
            ["current", 0],
            ["previous", 1]
          ]
        )
        assert.strictEqual(unservedKeys, 0)
      }).pipe(over(changed))
    })
  )
})

describe("opening", () => {
  const unserved = (warnings: ReadonlyArray<string>) => warnings.filter((text) => text.includes("cannot be verified"))

  it.scoped("warns of keys that no accepted secret can serve, and of none that one can", () =>
    Effect.gen(function* () {
      const { over, warnings } = yield* makeShared()
      for (let i = 0; i < 2; i++) yield* issueKey().pipe(over({}))
      yield* Effect.void.pipe(over(changed))
      assert.deepStrictEqual(warnings, [])
      yield* Effect.void.pipe(over({ signingSecret: next }))
      assert.lengthOf(unserved(warnings), 1)
      assert.match(String(warnings[0]), /^2 keys in the store cannot be verified/)
      for (const warning of warnings) {
        assert.notInclude(warning, next)
        assert.notInclude(warning, signingSecret)
      }
    })
  )

  it.scoped("does not fail since the store cannot count", () =>
    Effect.gen(function* () {
      const { context } = yield* makeShared()
      const broken = new StoreError({ operation: "test", retryable: true, reason: "is down" })
      const store = Context.add(context, KeyStore, {
        ...Context.get(context, KeyStore),
        countUnserved: () => Effect.fail(broken)
      })
      yield* Layer.build(ApiKeys.layer({ signingSecret }).pipe(Layer.provide(Layer.succeedContext(store))))
    })
  )

  it.scoped("warns of previous secrets that are short, and tells none of them", () =>
    Effect.gen(function* () {
      const { over, warnings } = yield* makeShared()
      yield* Effect.void.pipe(over({ previousSigningSecrets: ["hunter2", Redacted.make("x".repeat(31)), next] }))
      assert.lengthOf(warnings, 1)
      assert.match(String(warnings[0]), /^2 of previousSigningSecrets are shorter than 32 characters/)
      assert.notInclude(String(warnings[0]), "hunter2")
    })
  )
})

describe("previousSigningSecrets", () => {
  it.effect("are refused where they are no texts, and the value is not told", () =>
    Effect.gen(function* () {
      for (const [previous, path] of [
        ["hunter2hunter2", "previousSigningSecrets"],
        [["hunter2hunter2", ""], "previousSigningSecrets.1"],
        [[Redacted.make("")], "previousSigningSecrets.0"],
        [[7], "previousSigningSecrets.0"],
        [Array.from({ length: 17 }, (_, i) => `hunter2 ${i}`), "previousSigningSecrets"]
      ] as const) {
        const options = { previousSigningSecrets: previous } as unknown as Partial<ApiKeysOptions>
        const error = yield* Effect.flip(Effect.scoped(Layer.build(live(options))))
        assert.strictEqual(pathOf(error), path)
        assert.notInclude(error.message, "hunter2")
      }
    })
  )

  it.effect("count once where they are given twice, and not at all where one is the current one", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const { secrets } = yield* keys.signingSecretReport()
      assert.deepStrictEqual(
        secrets.map(({ role }) => role),
        ["current", "previous"]
      )
    }).pipe(Effect.provide(live({ previousSigningSecrets: [next, signingSecret, Redacted.make(next)] })))
  )

  it.scoped("come from the environment, and so do maxKeyLifetime and maxOverlap", () =>
    Effect.gen(function* () {
      const { context, over } = yield* makeShared()
      const { key, plaintext } = yield* issueKey().pipe(over({}))
      const environment = ConfigProvider.fromMap(
        new Map([
          ["APIKEYS_SIGNING_SECRET", "0f1e2d3c4b5a6978".repeat(2)],
          ["APIKEYS_PREVIOUS_SIGNING_SECRETS", `${next}, ${signingSecret}`],
          ["APIKEYS_KEY_PREFIX", "myapp"],
          ["APIKEYS_MAX_KEY_LIFETIME", "90 days"],
          ["APIKEYS_MAX_OVERLAP", "1 hour"]
        ]),
        { pathDelim: "_" }
      )
      const configured = ApiKeys.layerConfig.pipe(Layer.provide(Layer.succeedContext(context)))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* verify(plaintext)).key.useCount, 1)
        const keys = yield* ApiKeys
        assert.lengthOf((yield* keys.signingSecretReport()).secrets, 3)
        assert.include((yield* Effect.flip(issueKey())).message, "maxKeyLifetime")
        assert.include((yield* Effect.flip(keys.rotateKey(key.id, { overlap: "2 hours" }))).message, "maxOverlap")
      }).pipe(Effect.provide(configured), Effect.withConfigProvider(environment))
    })
  )

  it.effect("is refused where maxKeyLifetime is no timespan", () =>
    Effect.gen(function* () {
      for (const maxKeyLifetime of [0, -1, "90", "a year", 1.5]) {
        const options = { maxKeyLifetime } as unknown as Partial<ApiKeysOptions>
        const error = yield* Effect.flip(Effect.scoped(Layer.build(live(options))))
        assert.strictEqual(pathOf(error), "maxKeyLifetime")
      }
    })
  )
})
