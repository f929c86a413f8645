import { Effect } from "effect"
import { InvalidKeyError, type StoreError } from "../../domain/Errors.js"
import { isSecretValid } from "../../domain/Rotation.js"
import { type Digest, KeyHasher } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"

/** A text of a form that is accepted. */
export interface PresentedKey {
  readonly text: string
  /** Whether it is of a form that this library does not issue: only such keys may be kept under an unkeyed digest. */
  readonly foreign: boolean
}

/** A key that was found by its text, and the digest that the text has under the signing secret. */
export interface LookedUp {
  readonly found: FoundKey
  readonly current: Digest
}

/** From the text of a key to what is stored of it, whichever of the accepted secrets, or none, made its digest. */
export const makeLookUp = Effect.gen(function* () {
  const hasher = yield* KeyHasher
  const store = yield* KeyStore

  /** The digests under which a key may be kept, the first to be preferred. */
  const candidatesOf = ({ foreign, text }: PresentedKey): readonly [Digest, ...ReadonlyArray<Digest>] => {
    const keyed = hasher.candidates(text)
    return foreign ? [...keyed, hasher.unkeyedDigest(text)] : keyed
  }

  /** @param now milliseconds since the epoch: what a rotation superseded is no key once its overlap ended */
  return Effect.fnUntraced(function* (
    presented: PresentedKey,
    now: number
  ): Effect.fn.Return<LookedUp, InvalidKeyError | StoreError> {
    const candidates = candidatesOf(presented)
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
 * Makes the digest of a key anew, where a previous secret or none made it. The key is good already, so that a store
 * which cannot write now is no reason to refuse it: the next use tries again.
 */
export const makeRedigest = Effect.map(
  KeyStore,
  (store) =>
    ({ current, found }: LookedUp): Effect.Effect<void> =>
      found.secretId === current.secretId ? Effect.void : Effect.ignore(store.redigest(found.digest, current))
)
