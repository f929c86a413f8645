import { Effect, Either, Encoding } from "effect"
import type { InvalidInputError } from "../../domain/Errors.js"
import { KeyId, type OrganizationId, uuidOf } from "../../domain/Ids.js"
import type { ImportedDigest } from "../../domain/ImportedDigest.js"
import { invalidInput } from "../../domain/Input.js"
import { isWellFormed } from "../../domain/KeyToken.js"
import { codePoints } from "../../domain/Rule.js"
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
  /** The other forms in which the same plaintext may be there. */
  readonly otherDigests: ReadonlyArray<Digest>
  readonly hint: string
  /** The digests of which ids are made: that of each import of this plaintext, be it now or by an earlier version. */
  readonly origins: readonly [Uint8Array, ...ReadonlyArray<Uint8Array>]
}

/** What is shorter is guessed, whatever it is made of. */
const minimumLength = 16

/** From what an import tells of a plaintext to what is kept of it. */
export const makeDigestion = Effect.gen(function* () {
  const { foreign, heads, previousSecretPlaces } = yield* Settings
  const hasher = yield* KeyHasher
  const ofNothing = [...hasher.candidates(""), hasher.unkeyedDigest("")]
  const [current] = hasher.secretIds

  const fromPlaintext = (plaintext: string): Either.Either<Kept, InvalidInputError> => {
    if (plaintext.length < 2 * minimumLength && codePoints(plaintext) < minimumLength) {
      return Either.left(invalidInput("plaintext", `is under ${minimumLength} characters`))
    }
    const own = isWellFormed(plaintext, heads)
    if (!own && !foreign.accepts(plaintext)) {
      return Either.left(invalidInput("plaintext", "is not of a form that this client accepts"))
    }
    const sha256 = hasher.unkeyedDigest(plaintext)
    const direct = hasher.candidates(plaintext)
    const keyed = hasher.keyed(sha256.bytes)
    const [digest, ...otherDigests] = own
      ? ([...direct, ...keyed, sha256] as const)
      : ([...keyed, ...direct, sha256] as const)
    return Either.right({
      digest,
      otherDigests,
      hint: foreign.hint(plaintext),
      origins: [sha256.bytes, ...direct.map(({ bytes }) => bytes)]
    })
  }

  /** An HMAC tells nothing of the plaintext's other forms. */
  const fromHmac = ({ bytes, previousSecret }: ImportedDigest): Either.Either<Kept, InvalidInputError> => {
    const secretId = previousSecret === null ? current : hasher.secretIds[previousSecretPlaces[previousSecret] ?? -1]
    return secretId === undefined
      ? Either.left(invalidInput("digest.previousSecret", "is not one of previousSigningSecrets"))
      : Either.right({ digest: { bytes, secretId }, otherDigests: [], hint: "…", origins: [bytes] })
  }

  const fromSha256 = ({ bytes, previousSecret }: ImportedDigest): Either.Either<Kept, InvalidInputError> => {
    if (previousSecret !== null) {
      return Either.left(invalidInput("digest.previousSecret", "is given for a digest that no secret made"))
    }
    const [digest, ...previous] = hasher.keyed(bytes)
    return Either.right({
      digest,
      otherDigests: [...previous, { bytes, secretId: unkeyed }],
      hint: "…",
      origins: [bytes]
    })
  }

  const fromDigest = (told: ImportedDigest): Either.Either<Kept, InvalidInputError> => {
    if (ofNothing.some(({ bytes }) => hasher.equals(bytes, told.bytes))) {
      return Either.left(invalidInput("digest", "is that of the empty string"))
    }
    return told.algorithm === "sha256" ? fromSha256(told) : fromHmac(told)
  }

  /** By each secret, since an earlier import was by what was the signing secret then. */
  const idsBy = (organizationId: OrganizationId, origin: Uint8Array): ReadonlyArray<KeyId> =>
    hasher
      .candidates(`@apikeys/core/importId\n${organizationId}\n${Encoding.encodeHex(origin)}`)
      .map(({ bytes }) => KeyId.make(uuidOf(bytes)))

  return {
    digestOf: ({ digest, hint, plaintext }: Told): Either.Either<Kept, InvalidInputError> => {
      const kept = digest === null ? fromPlaintext(plaintext ?? "") : fromDigest(digest)
      if (hint === null) return kept
      // Somebody will give the whole key for its hint.
      if (foreign.redact(hint) !== hint) return Either.left(invalidInput("hint", "holds a key"))
      return Either.map(kept, (each) => ({ ...each, hint }))
    },

    /**
     * The same ids for the same plaintext, whatever becomes of its digest after: so a second import finds the key, also one
     * whose digest was rotated away. Under the signing secret, since an id is no secret, and a digest without a key is one
     * where its plaintext can be guessed. The first is that of a new key.
     */
    idsOf: (organizationId: OrganizationId, { origins }: Kept): readonly [KeyId, ...ReadonlyArray<KeyId>] =>
      origins.flatMap((origin) => idsBy(organizationId, origin)) as [KeyId, ...Array<KeyId>]
  }
})
