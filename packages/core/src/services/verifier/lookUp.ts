import { Effect } from "effect"
import { InvalidKeyError, type StoreError } from "../../domain/Errors.js"
import { isSecretValid } from "../../domain/Rotation.js"
import { type Digest, KeyHasher } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"

/** A key that was found by its text, and the digest that the text has under the signing secret. */
export interface LookedUp {
  readonly found: FoundKey
  readonly current: Digest
}

/** From the text of a key to what is stored of it, whichever of the accepted secrets made its digest. */
export const makeLookUp = Effect.gen(function* () {
  const hasher = yield* KeyHasher
  const store = yield* KeyStore

  /** @param now milliseconds since the epoch: what a rotation superseded is no key once its overlap ended */
  return Effect.fnUntraced(function* (
    text: string,
    now: number
  ): Effect.fn.Return<LookedUp, InvalidKeyError | StoreError> {
    const candidates = hasher.candidates(text)
    const answers = yield* store.findByDigests(candidates.map(({ bytes }) => bytes))
    for (const [i, candidate] of candidates.entries()) {
      const answer = answers[i]
      if (answer === undefined || answer._tag === "None") continue
      const found = answer.value
      // An index may compare in its own way; what was found is compared once more, in constant time.
      if (hasher.equals(found.digest, candidate.bytes) && isSecretValid(found, now)) {
        return { found, current: candidates[0] }
      }
    }
    return yield* new InvalidKeyError()
  })
})

/**
 * Makes the digest of a key anew, where a previous secret made it. The key is good already, so that a store which
 * cannot write now is no reason to refuse it: the next use tries again.
 */
export const makeRedigest = Effect.map(
  KeyStore,
  (store) =>
    ({ current, found }: LookedUp): Effect.Effect<void> =>
      found.secretId === current.secretId ? Effect.void : Effect.ignore(store.redigest(found.digest, current))
)
