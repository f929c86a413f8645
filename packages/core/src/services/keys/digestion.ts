import { Effect, Either, Encoding } from "effect"
import type { InvalidInputError } from "../../domain/Errors.js"
import { KeyId, type OrganizationId, uuidOf } from "../../domain/Ids.js"
import type { ImportedDigest } from "../../domain/ImportedDigest.js"
import { invalidInput } from "../../domain/Input.js"
import { isWellFormed } from "../../domain/KeyToken.js"
import { type Digest, KeyHasher, unkeyed } from "../../ports/KeyHasher.js"
import { Settings } from "../Settings.js"

/** What an import told of a plaintext: its digest or all of it, and a hint where it was given. */
interface Told {
  readonly hint: string | null
  readonly digest: ImportedDigest | null
  readonly plaintext: string | null
}

/** What is kept of a plaintext. */
export interface Kept {
  readonly digest: Digest
  readonly hint: string
}

/** From what an import tells of a plaintext to what is kept of it. */
export const makeDigestion = Effect.gen(function* () {
  const { foreign, heads, previousSecretPlaces } = yield* Settings
  const hasher = yield* KeyHasher
  const ofNothing = [...hasher.candidates(""), hasher.unkeyedDigest("")]
  const [current] = hasher.secretIds

  const fromPlaintext = (plaintext: string): Either.Either<Kept, InvalidInputError> =>
    isWellFormed(plaintext, heads) || foreign.accepts(plaintext)
      ? Either.right({ digest: hasher.digest(plaintext), hint: foreign.hint(plaintext) })
      : Either.left(invalidInput("plaintext", "is not of a form that this client accepts"))

  /** What made a digest, or the rule that it breaks to say so. */
  const secretIdOf = ({ algorithm, previousSecret }: ImportedDigest): Either.Either<string, string> => {
    if (previousSecret === null) return Either.right(algorithm === "sha256" ? unkeyed : current)
    if (algorithm === "sha256") return Either.left("is given for a digest that no secret made")
    const secretId = hasher.secretIds[previousSecretPlaces[previousSecret] ?? -1]
    return secretId === undefined ? Either.left("is not one of previousSigningSecrets") : Either.right(secretId)
  }

  const fromDigest = (told: ImportedDigest): Either.Either<Kept, InvalidInputError> => {
    const { bytes } = told
    if (ofNothing.some((nothing) => hasher.equals(nothing.bytes, bytes))) {
      return Either.left(invalidInput("digest", "is that of the empty string"))
    }
    return Either.mapBoth(secretIdOf(told), {
      onLeft: (rule) => invalidInput("digest.previousSecret", rule),
      onRight: (secretId) => ({ digest: { bytes, secretId }, hint: "…" })
    })
  }

  return {
    digestOf: ({ digest, hint, plaintext }: Told): Either.Either<Kept, InvalidInputError> => {
      const kept = digest === null ? fromPlaintext(plaintext ?? "") : fromDigest(digest)
      if (hint === null) return kept
      // Somebody will give the whole key for its hint.
      if (foreign.redact(hint) !== hint) return Either.left(invalidInput("hint", "holds a key"))
      return Either.map(kept, (each) => ({ ...each, hint }))
    },

    /**
     * The same id for the same digest, whatever becomes of the digest after: so a second import finds the key. Under
     * the signing secret, since an id is no secret, and a digest without a key is one where its plaintext can be guessed.
     */
    idOf: (organizationId: OrganizationId, { bytes }: Digest): KeyId =>
      KeyId.make(uuidOf(hasher.digest(`@apikeys/core/importId\n${organizationId}\n${Encoding.encodeHex(bytes)}`).bytes))
  }
})
