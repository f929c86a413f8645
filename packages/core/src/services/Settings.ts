import { Config, Context, type Duration, Effect, Either, Option, Runtime, Schema } from "effect"
import type { InvalidInputError } from "../domain/Errors.js"
import {
  type AcceptForeignKeys,
  AcceptForeignKeysInput,
  type ForeignKeys,
  makeForeignKeys
} from "../domain/ForeignKeys.js"
import { decodeInputEither, invalidInput } from "../domain/Input.js"
import { headOf, KeyEnvironment, KeyHead, KeyPrefix, looksLikeAnotherVendor } from "../domain/KeyToken.js"
import { isPlainObject } from "../domain/PlainObject.js"
import { maxItems, rule } from "../domain/Rule.js"
import { type Timespan, TimespanInput } from "../domain/Timespan.js"
import type { SealedSecret } from "../ports/KeyHasher.js"
import { type CheckedSecrets, checkSecrets, type SecretInput, warnOfWeakSecrets } from "./SigningSecrets.js"
import type { CacheOptions, RateLimitMode, UsageMode, VerificationOptions } from "./VerificationOptions.js"

/**
 * How a deployment makes and accepts keys.
 *
 * @since 0.1.0
 */
export interface ApiKeysOptions extends VerificationOptions {
  /**
   * The HMAC key of every digest: at least 32 characters, 16 of them different (8 where all are hexadecimal digits), such as
   * `openssl rand -hex 32` prints. It is not kept as text: hold on to no copy of it yourself. Whoever
   * loses it loses every key; whoever has it and the database still has no plaintext.
   */
  readonly signingSecret: SecretInput | undefined
  /**
   * Further signing secrets under which keys are accepted: those that were current before, and, while a deploy rolls,
   * the one that will be next. A key found by one of them gets a digest under `signingSecret` at its next use.
   */
  readonly previousSigningSecrets?: ReadonlyArray<SecretInput> | undefined
  /** What keys begin with: 1 to 32 of `a-z 0-9 _`. Default `sk`. */
  readonly keyPrefix?: string | undefined
  /** `live` or `test`, for instance: 1 to 16 of `a-z 0-9`. Keys of another environment are refused. Default none. */
  readonly environment?: string | undefined
  /** Further heads (`prefix`, or `prefix_environment`) to accept, so that changing a prefix kills no key. */
  readonly acceptedHeads?: ReadonlyArray<string> | undefined
  /**
   * How long after its creation a key may expire at most. Then every key needs an expiry: to create or update one
   * beyond it, or without, fails, and so does importing one without `lifetime: "keep"`. Keys that are there already stay as
   * they are. Default none.
   */
  readonly maxKeyLifetime?: Timespan | Duration.Duration | undefined
  /** How long old secrets of a rotated key may go on working at most. Default `"90 days"`. */
  readonly maxOverlap?: Timespan | Duration.Duration | undefined
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
    /** The signing secret, then those under which keys are accepted as well. */
    readonly secrets: CheckedSecrets["sealed"]
    /** Of each previous secret as it was given, one twice included: its place among all that are accepted, from 0 on. */
    readonly previousSecretPlaces: ReadonlyArray<number>
    /** Whole seconds; `null` for no bound. */
    readonly maxKeyLifetime: number | null
    /** Whole seconds. */
    readonly maxOverlap: number
    /** `null`: nothing is remembered. */
    readonly cache: Required<{ readonly [Option in keyof CacheOptions]: number }> | null
    readonly usage: { readonly mode: UsageMode; readonly flushInterval: number; readonly flushKeys: number }
    readonly rateLimits: RateLimitMode
  }
>() {}

const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true, as: "Option" })

const between = (least: number, most: number) =>
  Schema.Number.pipe(Schema.filter((value) => Number.isInteger(value) && value >= least && value <= most)).annotations(
    rule(`is not a whole number from ${least} to ${most}`)
  )

const wholeNumber = (least: number, most: number, standard: number) =>
  Schema.optionalWith(between(least, most), { nullable: true, default: () => standard })

const oneOf = <A extends string>(standard: A, ...others: ReadonlyArray<A>) =>
  Schema.optionalWith(
    Schema.Literal(standard, ...others).annotations(
      rule(`is not ${[standard, ...others].join(", ").replace(/, ([^,]*)$/, " or $1")}`)
    ),
    { nullable: true, default: () => standard }
  )

/** Of the cache; a key with a little metadata takes less than its part. */
const leastBytes = 64 * 1024 * 1024
const bytesOfKey = 2048

const Cache = Schema.Struct({
  capacity: wholeNumber(1, 10_000_000, 10_000),
  maxBytes: nullable(between(1024, 2 ** 40)),
  ttl: wholeNumber(1, 86_400_000, 60_000),
  negativeTtl: wholeNumber(0, 1000, 500)
})

const UsageFlush = Schema.Struct({
  interval: wholeNumber(10, 3_600_000, 1000),
  keys: wholeNumber(1, 1_000_000, 10_000)
})

const Heads = Schema.Array(KeyHead).annotations({
  ...rule("is not a list of heads"),
  ...maxItems(100, "has over 100 heads")
})

const decodeOptions = decodeInputEither(
  Schema.Struct({
    cache: Schema.optionalWith(Schema.Union(Schema.Literal(false), Cache), {
      nullable: true,
      default: () => Schema.decodeSync(Cache)({})
    }),
    usage: oneOf<UsageMode>("deferred", "durable", "off"),
    usageFlush: Schema.optionalWith(UsageFlush, { nullable: true, default: () => Schema.decodeSync(UsageFlush)({}) }),
    rateLimits: oneOf<RateLimitMode>("exact", "leased", "memory"),
    keyPrefix: Schema.optionalWith(KeyPrefix, { nullable: true, default: () => "sk" }),
    environment: nullable(KeyEnvironment),
    acceptedHeads: Schema.optionalWith(Heads, {
      nullable: true,
      default: () => []
    }),
    maxKeyLifetime: nullable(TimespanInput(1)),
    maxOverlap: Schema.optionalWith(TimespanInput(0), { nullable: true, default: () => 90 * 86_400 }),
    acceptForeignKeys: Schema.optionalWith(AcceptForeignKeysInput, {
      nullable: true,
      default: (): AcceptForeignKeys => []
    })
  })
)

const maxBytesOf = ({ capacity, maxBytes }: typeof Cache.Type): number =>
  Option.getOrElse(maxBytes, () => Math.max(leastBytes, capacity * bytesOfKey))

/** Options that break no rule. No secret can be read in them. */
export interface CheckedOptions {
  readonly options: Effect.Effect.Success<ReturnType<typeof decodeOptions>>
  readonly secrets: CheckedSecrets
}

/**
 * Checks the options, at once: nobody has to keep them, and the secrets in them, until they are used.
 *
 * @param seal what is kept of a secret
 */
export const check = (
  given: ApiKeysOptions,
  seal: (secret: string) => SealedSecret
): Either.Either<CheckedOptions, InvalidInputError> => {
  if (!isPlainObject(given)) return Either.left(invalidInput("", "is not a plain object"))
  const { previousSigningSecrets, signingSecret, ...rest } = given
  return Either.all({
    secrets: checkSecrets(signingSecret, previousSigningSecrets, seal),
    options: decodeOptions(rest)
  })
}

/** Makes settings of options, and warns once of what is allowed but unwise. */
export const make = Effect.fnUntraced(function* ({ options, secrets }: CheckedOptions) {
  const runtime = yield* Effect.runtime<never>()
  const head = headOf(options.keyPrefix, Option.getOrNull(options.environment))
  const heads = new Set([head, ...options.acceptedHeads])
  if (looksLikeAnotherVendor(head)) {
    yield* Effect.logWarning(
      `Keys that begin with ${head}_ have the shape of another vendor's, which secret scanners claim; choose a keyPrefix of your own`
    )
  }
  yield* warnOfWeakSecrets(secrets.weak)
  return Settings.of({
    head,
    heads,
    foreign: makeForeignKeys(
      options.acceptForeignKeys,
      (mistake) =>
        Runtime.runFork(
          runtime,
          Effect.logError(`The predicate acceptForeignKeys ${mistake}, so no key was accepted by it`)
        ),
      heads
    ),
    secrets: secrets.sealed,
    previousSecretPlaces: secrets.places,
    maxKeyLifetime: Option.getOrNull(options.maxKeyLifetime),
    maxOverlap: options.maxOverlap,
    cache: options.cache === false ? null : { ...options.cache, maxBytes: maxBytesOf(options.cache) },
    usage: {
      mode: options.usage,
      flushInterval: options.usageFlush.interval,
      flushKeys: options.usageFlush.keys
    },
    rateLimits: options.rateLimits
  })
})

/** Its rule is checked with those of the others. */
const timespan = (name: string) =>
  Config.string(name).pipe(
    Config.option,
    Config.map((text) => Option.getOrUndefined(text) as Timespan | undefined)
  )

/**
 * The options as the environment has them: `APIKEYS_SIGNING_SECRET`, and optionally `APIKEYS_PREVIOUS_SIGNING_SECRETS`
 * (separated by commas), `APIKEYS_KEY_PREFIX`, `APIKEYS_ENVIRONMENT`, `APIKEYS_ACCEPTED_HEADS` (separated by commas),
 * `APIKEYS_MAX_KEY_LIFETIME` and `APIKEYS_MAX_OVERLAP` (such as `90 days`).
 */
export const config: Config.Config<ApiKeysOptions> = Config.all({
  signingSecret: Config.redacted("SIGNING_SECRET"),
  previousSigningSecrets: Config.array(Config.redacted(), "PREVIOUS_SIGNING_SECRETS").pipe(
    Config.option,
    Config.map(Option.getOrUndefined)
  ),
  keyPrefix: Config.string("KEY_PREFIX").pipe(Config.option, Config.map(Option.getOrUndefined)),
  environment: Config.string("ENVIRONMENT").pipe(Config.option, Config.map(Option.getOrUndefined)),
  acceptedHeads: Config.array(Config.string(), "ACCEPTED_HEADS").pipe(Config.option, Config.map(Option.getOrUndefined)),
  maxKeyLifetime: timespan("MAX_KEY_LIFETIME"),
  maxOverlap: timespan("MAX_OVERLAP")
}).pipe(Config.nested("APIKEYS"))
