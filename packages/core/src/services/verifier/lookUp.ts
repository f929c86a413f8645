import { type Clock, type Context, Effect, Exit, type Option } from "effect"
import { InvalidKeyError, StoreError } from "../../domain/Errors.js"
import { isSecretValid } from "../../domain/Rotation.js"
import { type Digest, KeyHasher } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"
import { makeBatches } from "./Batches.js"
import type { Caller } from "./Caller.js"

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
const makeFindByDigests = Effect.map(KeyStore, (store: Context.Tag.Service<KeyStore>) =>
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
    keyOf: null,
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
  const choose = (
    candidates: readonly [Digest, ...ReadonlyArray<Digest>],
    answers: ReadonlyArray<Option.Option<FoundKey>>,
    now: number
  ): LookedUp | null => {
    for (let i = 0; i < candidates.length; i++) {
      const answer = answers[i]
      if (answer === undefined || answer._tag === "None") continue
      const found = answer.value
      // An index may compare in its own way; what was found is compared once more, in constant time.
      if (hasher.equals(found.digest, (candidates[i] as Digest).bytes) && isSecretValid(found, now)) {
        return { found, current: candidates[0] }
      }
    }
    return null
  }

  return (
    presented: PresentedKey,
    caller: Caller,
    clock: Clock.Clock,
    land: (exit: Exit.Exit<LookedUp, InvalidKeyError | StoreError>) => void
  ): void => {
    const candidates = candidatesOf(presented)
    const digests = candidates.map(({ bytes }) => bytes)
    findByDigests.add(digests, caller, (exit) => {
      if (Exit.isFailure(exit)) return land(Exit.failCause(exit.cause))
      const lookedUp = choose(candidates, exit.value, clock.unsafeCurrentTimeMillis())
      land(lookedUp === null ? Exit.fail(new InvalidKeyError()) : Exit.succeed(lookedUp))
    })
  }
})
