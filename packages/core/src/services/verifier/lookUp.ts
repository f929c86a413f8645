import { Effect, Option } from "effect"
import { InvalidKeyError, type StoreError } from "../../domain/Errors.js"
import { type Digest, KeyHasher, unkeyed } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"

/** A text of a form that is accepted. */
export interface PresentedKey {
  readonly text: string
  /** Whether it is of a form that this library does not issue: only such keys may be kept under an unkeyed digest. */
  readonly foreign: boolean
}

/** From the text of a key to its record. */
export const makeLookUp = Effect.gen(function* () {
  const hasher = yield* KeyHasher
  const store = yield* KeyStore

  /** The digests under which a key may be kept, the first to be preferred. */
  const candidates = ({ foreign, text }: PresentedKey): readonly [Digest, ...ReadonlyArray<Digest>] => {
    const current = hasher.digest(text)
    return foreign ? [current, hasher.unkeyedDigest(text)] : [current]
  }

  return Effect.fnUntraced(function* (
    presented: PresentedKey
  ): Effect.fn.Return<FoundKey, InvalidKeyError | StoreError> {
    const digests = candidates(presented)
    const answers = yield* store.findByDigests(digests.map(({ bytes }) => bytes))
    for (const [i, digest] of digests.entries()) {
      const found = Option.getOrNull(answers[i] ?? Option.none())
      // An index may compare in its own way; what was found is compared once more, in constant time.
      if (found === null || !hasher.equals(found.digest, digest.bytes)) continue
      // The key has proved itself; where its new digest cannot be written, the next use does it.
      if (digest.secretId === unkeyed) yield* Effect.ignore(store.redigest(digest.bytes, digests[0]))
      return found
    }
    return yield* new InvalidKeyError()
  })
})
