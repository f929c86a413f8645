import { type Effect, Either, Redacted, Schema } from "effect"
import type { InvalidInputError } from "../../domain/Errors.js"
import { idInput, KeyId } from "../../domain/Ids.js"
import { ImportedDigestInput } from "../../domain/ImportedDigest.js"
import { decodeInput, decodeInputEither, invalidInput } from "../../domain/Input.js"
import { type Instant, InstantInput } from "../../domain/Instant.js"
import { rule, ShortText } from "../../domain/Rule.js"
import { isWildcard } from "../../domain/Scope.js"
import { lifetimeRefusal, newKeyFields, orNull } from "./input.js"
import { decodePlain, type ImportFields } from "./plainImport.js"

const count = Schema.Number.annotations(rule("is not a number")).pipe(
  Schema.filter((value) => Number.isSafeInteger(value) && value >= 0, rule("is not a whole number from 0 to 2^53 - 1"))
)

const Text = Schema.Union(
  Schema.String,
  Schema.transform(
    Schema.declare((value): value is Redacted.Redacted<string> => Redacted.isRedacted(value)),
    Schema.String,
    { strict: true, decode: (redacted) => Redacted.value(redacted), encode: (text) => Redacted.make(text) }
  )
).annotations(rule("is not a string"))

const Hint = ShortText.pipe(Schema.filter((text) => text.length <= 64, rule("is over 64 characters")))

/** The fields of an imported key, as {@link decodePlain} makes them too, of what is plain. */
export const decodeBySchema: (input: unknown) => Either.Either<ImportFields, InvalidInputError> = decodeInputEither(
  Schema.Struct({
    ...newKeyFields,
    id: orNull(idInput(KeyId)),
    digest: orNull(ImportedDigestInput),
    plaintext: orNull(Text),
    hint: orNull(Hint),
    createdAt: orNull(InstantInput),
    useCount: Schema.optionalWith(count, { nullable: true, default: () => 0 }),
    lastUsedAt: orNull(InstantInput),
    revokedAt: orNull(InstantInput),
    revokedReason: orNull(ShortText)
  })
)

const lenience = {
  wildcards: Schema.optionalWith(Schema.Literal("refuse", "grant").annotations(rule("is not refuse or grant")), {
    default: () => "refuse" as const
  }),
  lifetime: Schema.optionalWith(Schema.Literal("refuse", "keep").annotations(rule("is not refuse or keep")), {
    default: () => "refuse" as const
  })
}

export const decodeImportOptions = decodeInput(Schema.Struct(lenience))

const callback = Schema.optional(
  Schema.declare((value): value is (told: never) => Effect.Effect<unknown> => typeof value === "function").annotations(
    rule("is not a function")
  )
)

export const decodeBulkOptions = decodeInput(
  Schema.Struct({
    ...lenience,
    batchSize: Schema.optionalWith(
      Schema.Number.annotations(rule("is not a number")).pipe(
        Schema.filter(
          (size) => Number.isInteger(size) && size >= 1 && size <= 4096,
          rule("is not a whole number from 1 to 4096")
        )
      ),
      { default: () => 512 }
    ),
    maxRefused: orNull(count),
    onRefused: callback,
    onProgress: callback
  })
)

/** What a key is held to that is imported. */
export interface ImportRules {
  readonly refusesWildcards: boolean
  /** Whole seconds; `null` for no bound. */
  readonly maxKeyLifetime: number | null
  readonly now: Instant
}

/** What happened already. */
const past = ["createdAt", "lastUsedAt", "revokedAt"] as const

const timesRefusal = (fields: ImportFields, { maxKeyLifetime, now }: ImportRules): InvalidInputError | null => {
  const early = past.find((field) => (fields[field]?.epochMillis ?? 0) > now.epochMillis)
  if (early !== undefined) return invalidInput(early, "is in the future")
  return lifetimeRefusal({ createdAt: fields.createdAt ?? now, expiresAt: fields.expiresAt }, maxKeyLifetime)
}

const refusal = (fields: ImportFields, rules: ImportRules): InvalidInputError | null => {
  const { digest, plaintext, revokedAt, revokedReason, scopes } = fields
  if ((digest === null) === (plaintext === null)) return invalidInput("", "one of digest and plaintext is required")
  if (revokedReason !== null && revokedAt === null) return invalidInput("revokedReason", "is given without revokedAt")
  const wildcard = rules.refusesWildcards ? scopes.findIndex(isWildcard) : -1
  return wildcard === -1 ? timesRefusal(fields, rules) : invalidInput(`scopes.${wildcard}`, "is a wildcard here")
}

/** The fields of an imported key, where they break no rule by themselves. */
export const decodeImport = (input: unknown, rules: ImportRules): Either.Either<ImportFields, InvalidInputError> => {
  const plain = decodePlain(input)
  const fields = plain === null ? decodeBySchema(input) : Either.right(plain)
  if (Either.isLeft(fields)) return fields
  const refused = refusal(fields.right, rules)
  return refused === null ? fields : Either.left(refused)
}
