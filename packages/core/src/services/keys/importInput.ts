import { type Effect, Either, Redacted, Schema } from "effect"
import type { InvalidInputError } from "../../domain/Errors.js"
import { idInput, KeyId } from "../../domain/Ids.js"
import { ImportedDigestInput } from "../../domain/ImportedDigest.js"
import { decodeInput, decodeInputEither, invalidInput } from "../../domain/Input.js"
import { InstantInput } from "../../domain/Instant.js"
import { rule, ShortText } from "../../domain/Rule.js"
import { isWildcard } from "../../domain/Scope.js"
import { newKeyFields, orNull } from "./input.js"
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

const wildcards = Schema.optionalWith(Schema.Literal("refuse", "grant").annotations(rule("is not refuse or grant")), {
  default: () => "refuse" as const
})

export const decodeImportOptions = decodeInput(Schema.Struct({ wildcards }))

const callback = Schema.optional(
  Schema.declare((value): value is (told: never) => Effect.Effect<unknown> => typeof value === "function").annotations(
    rule("is not a function")
  )
)

export const decodeBulkOptions = decodeInput(
  Schema.Struct({
    wildcards,
    batchSize: Schema.optionalWith(
      Schema.Number.annotations(rule("is not a number")).pipe(
        Schema.filter(
          (size) => Number.isInteger(size) && size >= 1 && size <= 4096,
          rule("is not a whole number from 1 to 4096")
        )
      ),
      { default: () => 512 }
    ),
    onRefused: callback,
    onProgress: callback
  })
)

const refusal = (fields: ImportFields, refuseWildcards: boolean): InvalidInputError | null => {
  const { digest, plaintext, revokedAt, revokedReason, scopes } = fields
  if ((digest === null) === (plaintext === null)) return invalidInput("", "one of digest and plaintext is required")
  if (revokedReason !== null && revokedAt === null) return invalidInput("revokedReason", "is given without revokedAt")
  const wildcard = refuseWildcards ? scopes.findIndex(isWildcard) : -1
  return wildcard === -1 ? null : invalidInput(`scopes.${wildcard}`, "is a wildcard here")
}

/** The fields of an imported key, where they break no rule by themselves. */
export const decodeImport = (
  input: unknown,
  refuseWildcards: boolean
): Either.Either<ImportFields, InvalidInputError> => {
  const plain = decodePlain(input)
  const fields = plain === null ? decodeBySchema(input) : Either.right(plain)
  if (Either.isLeft(fields)) return fields
  const refused = refusal(fields.right, refuseWildcards)
  return refused === null ? fields : Either.left(refused)
}
