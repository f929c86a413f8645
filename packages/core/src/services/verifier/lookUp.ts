import { type Context, Effect, type Option } from "effect"
import { InvalidKeyError, StoreError } from "../../domain/Errors.js"
import { isSecretValid } from "../../domain/Rotation.js"
import { type Digest, KeyHasher } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"
import { makeBatches } from "./Batches.js"

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

/** As many look-ups as one query holds, as many queries as are under way at once, and as many look-ups as wait. */
const bounds = { size: 256, concurrency: 2, capacity: 20_000 }

const failed = (retryable: boolean, reason: string) => () =>
  new StoreError({ operation: "KeyStore.findByDigests", retryable, reason })

/** Like the member of the port, but those who ask at the same time are answered by one query. */
const makeFindByDigests = Effect.map(KeyStore, (store): Context.Tag.Service<KeyStore>["findByDigests"] =>
  makeBatches<ReadonlyArray<Uint8Array>, ReadonlyArray<Option.Option<FoundKey>>, StoreError>({
    ...bounds,
    run: (requests) =>
      Effect.map(store.findByDigests(requests.length === 1 ? (requests[0] ?? []) : requests.flat()), (found) => {
        let start = 0
        return requests.map(({ length }) => {
          start += length
          return found.slice(start - length, start)
        })
      }),
    onFull: failed(true, "too many look-ups are waiting"),
    onMissing: failed(false, "gave no answer")
  })
)

/**
 * From the text of a key to what the store has of it, of whatever status, and whichever of the accepted secrets, or
 * none, made its digest.
 */
export const makeLookUp = Effect.gen(function* () {
  const hasher = yield* KeyHasher
  const findByDigests = yield* makeFindByDigests

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
    const answers = yield* findByDigests(candidates.map(({ bytes }) => bytes))
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
