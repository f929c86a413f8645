import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ApiKeys, Tenants } from "@apikeys/core"
import { SqliteStore } from "@apikeys/store-sqlite"
import { ConfigProvider, Console, Effect, Layer, Redacted, Schema, Stream } from "effect"

/** What this application keeps with each key: checked when a key is made, typed when it is read. */
const Customer = Schema.Struct({ userId: Schema.String, plan: Schema.Literal("free", "pro") })

const CustomerKeys = ApiKeys.withMetadata(Customer)

/** Makes sure that the organization and its product are there: safe on every start. */
const setUp = Effect.gen(function* () {
  const tenants = yield* Tenants
  const [organization] = yield* tenants.getOrCreateOrganization({ name: "Acme Inc" })
  const [product] = yield* tenants.getOrCreateProduct({ organizationId: organization.id, name: "Weather API" })
  return { organization, product }
})

/** What a route would do: let a call in, or say in words why not. */
const guarded = (plaintext: Redacted.Redacted<string>, productId: string) =>
  Effect.gen(function* () {
    const verifier = yield* CustomerKeys.KeyVerifier
    const { key } = yield* verifier.validateKey(plaintext, { productId, requiredScopes: ["forecast:read"] })
    return `Hello ${key.metadata.userId}, this is call ${key.useCount} on the ${key.metadata.plan} plan`
  }).pipe(
    Effect.catchTags({
      InvalidKeyError: () => Effect.succeed("401: who are you?"),
      ExpiredKeyError: ({ message }) => Effect.succeed(`401: ${message}`),
      RevokedKeyError: ({ message }) => Effect.succeed(`403: ${message}`),
      KeyNotAllowedError: ({ message }) => Effect.succeed(`403: ${message}`),
      InsufficientScopeError: ({ missing }) => Effect.succeed(`403: ask for ${missing.join(" ")}`),
      QuotaError: ({ retryAfterSeconds }) => Effect.succeed(`429: come back in ${retryAfterSeconds} s`)
      // InvalidInputError and StoreError stay in the error channel: they are ours to mend, not the caller's.
    })
  )

const program = Effect.gen(function* () {
  const keys = yield* CustomerKeys.ApiKeys
  const { organization, product } = yield* setUp
  const { key, plaintext } = yield* keys.createKey({
    organizationId: organization.id,
    productId: product.id,
    name: "Alice's key",
    scopes: ["forecast:*"],
    rateLimits: [{ requests: 2, window: "day" }],
    metadata: { userId: "u_alice", plan: "pro" }
  })
  yield* Console.log(`Issued ${key.hint}; the plaintext prints as ${plaintext}`)

  for (let call = 0; call < 3; call++) yield* Console.log(yield* guarded(plaintext, product.id))
  yield* Console.log(yield* guarded(Redacted.make("myapp_nonsense"), product.id))

  yield* keys.revokeKey(key.id, { reason: "the demo is over" })
  yield* Console.log(yield* guarded(plaintext, product.id))

  const active = yield* keys.allKeys({ organizationId: organization.id, status: "active" }).pipe(Stream.runCount)
  yield* Console.log(`${active} active keys are left`)
})

/** A database of this run's own. */
const Store = Layer.unwrapScoped(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "apikeys-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    ),
    (folder) => SqliteStore.layer({ filename: join(folder, "demo.db") })
  )
)

/** `APIKEYS_SIGNING_SECRET` and its like come from the environment; for a demo a fixed one will do. */
const Environment = Layer.setConfigProvider(
  ConfigProvider.fromEnv().pipe(
    ConfigProvider.orElse(() =>
      ConfigProvider.fromMap(
        new Map([
          ["APIKEYS.SIGNING_SECRET", "only-for-this-demo-of-0123456789abcdef"],
          ["APIKEYS.KEY_PREFIX", "myapp"]
        ])
      )
    )
  )
)

const Live = CustomerKeys.layerConfig.pipe(Layer.provide(Store), Layer.provide(Environment))

await Effect.runPromise(program.pipe(Effect.provide(Live)))
