import { Config, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import type { InvalidInputError } from "../domain/Errors.js"
import {
  type AcceptForeignKeys,
  AcceptForeignKeysInput,
  type ForeignKeys,
  makeForeignKeys
} from "../domain/ForeignKeys.js"
import { decodeInput, invalidInput } from "../domain/Input.js"
import { headOf, KeyEnvironment, KeyHead, KeyPrefix, looksLikeAnotherVendor } from "../domain/KeyToken.js"
import { rule } from "../domain/Rule.js"

/**
 * How a deployment makes and accepts keys.
 *
 * @since 0.1.0
 */
export interface ApiKeysOptions {
  /**
   * The HMAC key of every digest: at least 32 characters, such as `openssl rand -hex 32` prints. Whoever
   * loses it loses every key; whoever has it and the database still has no plaintext.
   */
  readonly signingSecret: Redacted.Redacted<string> | string | undefined
  /** What keys begin with: 1 to 32 of `a-z 0-9 _`. Default `sk`. */
  readonly keyPrefix?: string | undefined
  /** `live` or `test`, for instance: 1 to 16 of `a-z 0-9`. Keys of another environment are refused. Default none. */
  readonly environment?: string | undefined
  /** Further heads (`prefix`, or `prefix_environment`) to accept, so that changing a prefix kills no key. */
  readonly acceptedHeads?: ReadonlyArray<string> | undefined
  /** Forms of imported keys to accept as well, or a predicate on their text. Default none. */
  readonly acceptForeignKeys?: AcceptForeignKeys | undefined
}

/** The options as they are used. */
export class Settings extends Context.Tag("@apikeys/core/Settings")<
  Settings,
  {
    /** The head of new keys. */
    readonly head: string
    /** The heads of keys that are accepted. */
    readonly heads: ReadonlySet<string>
    /** The keys of other forms that are accepted. */
    readonly foreign: ForeignKeys
    readonly signingSecret: Redacted.Redacted<string>
  }
>() {}

const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true, as: "Option" })

const decodeOptions = decodeInput(
  Schema.Struct({
    keyPrefix: Schema.optionalWith(KeyPrefix, { nullable: true, default: () => "sk" }),
    environment: nullable(KeyEnvironment),
    acceptedHeads: Schema.optionalWith(Schema.Array(KeyHead).annotations(rule("is not a list of heads")), {
      nullable: true,
      default: () => []
    }),
    acceptForeignKeys: Schema.optionalWith(AcceptForeignKeysInput, {
      nullable: true,
      default: (): AcceptForeignKeys => []
    })
  })
)

const minimumSecretLength = 32

const checkSecret = (secret: unknown): Effect.Effect<Redacted.Redacted<string>, InvalidInputError> => {
  const text = Redacted.isRedacted(secret) ? Redacted.value(secret) : secret
  return typeof text === "string" && text.length >= minimumSecretLength
    ? Effect.succeed(Redacted.make(text))
    : Effect.fail(
        invalidInput(
          "signingSecret",
          `is not a text of at least ${minimumSecretLength} characters; make one with: openssl rand -hex 32`
        )
      )
}

/** Checks the options. */
export const check = Effect.fnUntraced(function* (options: ApiKeysOptions) {
  const { signingSecret, ...rest } = options
  const secret = yield* checkSecret(signingSecret)
  const decoded = yield* decodeOptions(rest)
  const head = headOf(decoded.keyPrefix, Option.getOrNull(decoded.environment))
  return Settings.of({
    head,
    heads: new Set([head, ...decoded.acceptedHeads]),
    foreign: makeForeignKeys(decoded.acceptForeignKeys),
    signingSecret: secret
  })
})

/** Checks the options, and warns once where keys would be taken for another vendor's. */
export const make = (options: ApiKeysOptions) =>
  Effect.tap(check(options), ({ head }) =>
    Effect.logWarning(
      `Keys that begin with ${head}_ have the shape of another vendor's, which secret scanners claim; choose a keyPrefix of your own`
    ).pipe(Effect.when(() => looksLikeAnotherVendor(head)))
  )

/** The options as they were given. */
export const layer = (options: ApiKeysOptions): Layer.Layer<Settings, InvalidInputError> =>
  Layer.effect(Settings, make(options))

/**
 * The options as the environment has them: `APIKEYS_SIGNING_SECRET`, and optionally `APIKEYS_KEY_PREFIX`,
 * `APIKEYS_ENVIRONMENT` and `APIKEYS_ACCEPTED_HEADS` (separated by commas).
 */
export const config: Config.Config<ApiKeysOptions> = Config.all({
  signingSecret: Config.redacted("SIGNING_SECRET"),
  keyPrefix: Config.string("KEY_PREFIX").pipe(Config.option, Config.map(Option.getOrUndefined)),
  environment: Config.string("ENVIRONMENT").pipe(Config.option, Config.map(Option.getOrUndefined)),
  acceptedHeads: Config.array(Config.string(), "ACCEPTED_HEADS").pipe(Config.option, Config.map(Option.getOrUndefined))
}).pipe(Config.nested("APIKEYS"))
