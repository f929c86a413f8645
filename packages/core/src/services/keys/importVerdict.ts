import { Either } from "effect"
import { type InvalidInputError, KeyConflictError, NotFoundError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import { invalidInput } from "../../domain/Input.js"
import type { KeyImport, KeyImportOutcome } from "../../ports/KeyImport.js"
import type { RefusedImport } from "./ImportKeys.js"

/** A key that breaks no rule by itself. */
export interface Prepared extends KeyImport {
  /** The id that the caller gave it, if any. */
  readonly givenId: KeyId | null
  /** Where the caller told the secret. */
  readonly secretPath: "digest" | "plaintext"
}

export type Refusal = InvalidInputError | KeyConflictError | NotFoundError

/** What became of a key that was not refused. */
export interface Taken {
  readonly created: boolean
  readonly keyId: KeyId
}

/** What an outcome says to whoever imports. */
export const judge = ({ givenId, key }: Prepared, outcome: KeyImportOutcome): Either.Either<Taken, Refusal> => {
  switch (outcome._tag) {
    case "Inserted":
      return Either.right({ created: true, keyId: key.id })
    case "Existing":
      return givenId === null || givenId === outcome.keyId
        ? Either.right({ created: false, keyId: outcome.keyId })
        : Either.left(new KeyConflictError({ field: "digest" }))
    case "OtherDigest":
      // An id that was made of the digest is proof enough: the key was given another secret since.
      return givenId === null || outcome.renewed
        ? Either.right({ created: false, keyId: outcome.keyId })
        : Either.left(new KeyConflictError({ field: "id" }))
    case "Taken":
      return Either.left(new KeyConflictError({ field: outcome.field }))
    case "Absent":
      return Either.left(new NotFoundError({ entity: outcome.entity, id: key[`${outcome.entity}Id`] }))
    case "NotLinked":
      return Either.left(invalidInput("productId", "is not linked to the project"))
  }
}

export const issuesOf = (refusal: Refusal, secretPath: Prepared["secretPath"]): RefusedImport["issues"] => {
  switch (refusal._tag) {
    case "InvalidInputError":
      return refusal.issues
    case "KeyConflictError":
      return [{ path: refusal.field === "id" ? "id" : secretPath, rule: "is held by another key" }]
    case "NotFoundError":
      return [{ path: `${refusal.entity}Id`, rule: "is not there" }]
  }
}

/** What a caller gave for an id, where it is one: it is told back. */
export const idIn = (input: unknown): string | null => {
  if (typeof input !== "object" || input === null || !("id" in input) || typeof input.id !== "string") return null
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(input.id) ? input.id.toLowerCase() : null
}
