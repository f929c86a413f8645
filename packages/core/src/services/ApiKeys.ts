import { type ConfigError, Context, Effect, Layer, type Schema } from "effect"
import type { InvalidInputError, StoreError } from "../domain/Errors.js"
import { scannerPattern } from "../domain/KeyToken.js"
import * as NodeKeyHasher from "../node/NodeKeyHasher.js"
import { KeyHasher, overSha256, unkeyed } from "../ports/KeyHasher.js"
import { KeyStore } from "../ports/KeyStore.js"
import type { StorePorts } from "../ports/Store.js"
import { StoreHealth } from "../ports/StoreHealth.js"
import { inTime } from "./Deadline.js"
import * as Identifiers from "./Identifiers.js"
import { KeyVerifier, layer as keyVerifier } from "./KeyVerifier.js"
import type { ApiKeysService } from "./keys/ApiKeysService.js"
import { makeChanges } from "./keys/change.js"
import { makeCreateKey } from "./keys/create.js"
import { makeEndings } from "./keys/end.js"
import { makeImports } from "./keys/import.js"
import { makeReads } from "./keys/read.js"
import { makeRotations } from "./keys/rotate.js"
import * as MetadataCodec from "./MetadataCodec.js"
import * as Settings from "./Settings.js"
import { warnOfUnserved } from "./SigningSecrets.js"
import * as StoreCalls from "./StoreCalls.js"
import { nameSecrets } from "./secretNames.js"
import { type Tenants, layer as tenants } from "./Tenants.js"
import type { KeyVerifierService } from "./verifier/KeyVerifierService.js"
import * as RateLimiter from "./verifier/RateLimiter.js"
import * as UsageRecorder from "./verifier/UsageRecorder.js"
import * as VerificationCache from "./verifier/VerificationCache.js"

/** The services that one layer gives. */
type Services = ApiKeys | KeyVerifier | Tenants

/** The hasher of the secrets in the settings, once the store has names for them. */
const hasher = Layer.scoped(
  KeyHasher,
  Effect.gen(function* () {
    const { secrets } = yield* Settings.Settings
    return NodeKeyHasher.make(secrets, yield* nameSecrets(secrets, NodeKeyHasher))
  })
)

const servicesWith = (codec: Layer.Layer<MetadataCodec.MetadataCodec>) => {
  const keys = Layer.effect(ApiKeys, make)
  return Layer.mergeAll(keys, keyVerifier, tenants).pipe(
    // What verifications share with the operations that change what they remember, count and charge.
    Layer.provide(Layer.mergeAll(UsageRecorder.layer, RateLimiter.layer)),
    Layer.provide(VerificationCache.layer),
    Layer.provide(Identifiers.layer),
    Layer.provide(hasher),
    Layer.provide(codec),
    Layer.provide(StoreCalls.layer)
  )
}

/** Checks options, of which nothing is kept by which a secret can be read. */
export const checkOptions = (options: Settings.ApiKeysOptions) => Settings.check(options, NodeKeyHasher.seal)

const layerWith =
  (codec: Layer.Layer<MetadataCodec.MetadataCodec>) =>
  (options: Settings.ApiKeysOptions): Layer.Layer<Services, InvalidInputError | StoreError, StorePorts> => {
    const checked = checkOptions(options)
    return Layer.provide(servicesWith(codec), Layer.effect(Settings.Settings, Effect.flatMap(checked, Settings.make)))
  }

const layerConfigWith = (
  codec: Layer.Layer<MetadataCodec.MetadataCodec>
): Layer.Layer<Services, InvalidInputError | ConfigError.ConfigError | StoreError, StorePorts> => {
  const settings = Settings.config.pipe(Effect.flatMap(checkOptions), Effect.flatMap(Settings.make))
  return Layer.suspend(() => Layer.provide(servicesWith(codec), Layer.effect(Settings.Settings, settings)))
}

/**
 * Issues and manages keys.
 *
 * @example
 * ```ts
 * const Live = ApiKeys.layer({ signingSecret, keyPrefix: "myapp" }).pipe(
 *   Layer.provide(SqliteStore.layer({ filename: "myapp.db" }))
 * )
 * ```
 *
 * @since 0.1.0
 */
export class ApiKeys extends Context.Tag("@apikeys/core/ApiKeys")<ApiKeys, ApiKeysService>() {
  /**
   * `ApiKeys`, `KeyVerifier` and `Tenants` over a store. Fails where an option breaks a rule, and where the store cannot say, or
   * keep, what the signing secrets are called. The options are read at once, and not kept.
   */
  static readonly layer = layerWith(MetadataCodec.plain)

  /**
   * The same, with options from the environment: `APIKEYS_SIGNING_SECRET`, and optionally
   * `APIKEYS_PREVIOUS_SIGNING_SECRETS` (separated by commas), `APIKEYS_KEY_PREFIX`, `APIKEYS_ENVIRONMENT`,
   * `APIKEYS_ACCEPTED_HEADS` (separated by commas), `APIKEYS_MAX_KEY_LIFETIME` and `APIKEYS_MAX_OVERLAP` (such as `90 days`).
   */
  static readonly layerConfig = layerConfigWith(MetadataCodec.plain)

  /**
   * The same services over metadata of a schema's type: what is given is checked by it, and what is returned
   * has its type. Metadata that is stored already must fit the schema; where it does not, reading the key is a
   * `StoreError`.
   *
   * @example
   * ```ts
   * const AcmeKeys = ApiKeys.withMetadata(Schema.Struct({ plan: Schema.Literal("free", "pro") }))
   * // AcmeKeys.layer(options), yield* AcmeKeys.ApiKeys, yield* AcmeKeys.KeyVerifier
   * ```
   */
  static withMetadata<M, I>(schema: Schema.Schema<M, I>) {
    const codec = MetadataCodec.layer(schema)
    return {
      layer: layerWith(codec),
      layerConfig: layerConfigWith(codec),
      ApiKeys: ApiKeys as unknown as Context.Tag<ApiKeys, ApiKeysService<M>>,
      KeyVerifier: KeyVerifier as unknown as Context.Tag<KeyVerifier, KeyVerifierService<M>>
    }
  }
}

/** A store that cannot answer says so to those who call it; it is no reason not to start. */
const warnOfUnservedKeys = Effect.gen(function* () {
  const { formerIds, secretIds } = yield* KeyHasher
  const store = yield* KeyStore
  const served = [...secretIds, ...secretIds.map(overSha256), ...formerIds, unkeyed]
  yield* warnOfUnserved(yield* store.countUnserved(served))
}).pipe(Effect.ignore)

const make = Effect.gen(function* () {
  const { foreign, heads } = yield* Settings.Settings
  yield* warnOfUnservedKeys
  const { timeoutMillis } = yield* StoreHealth
  const operations = ApiKeys.of({
    createKey: (yield* makeCreateKey) as ApiKeysService["createKey"],
    ...(yield* makeReads),
    ...(yield* makeChanges),
    ...(yield* makeRotations),
    ...(yield* makeEndings),
    ...(yield* makeImports),
    redact: foreign.redact,
    keyPattern: scannerPattern(heads, foreign.patterns).source
  })
  return inTime("ApiKeys", timeoutMillis, operations, ["revokeKeys", "pruneKeys", "importKeys"])
})
