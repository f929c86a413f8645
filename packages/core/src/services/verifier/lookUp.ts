import { type Clock, type Context, Effect, Exit, Metric, type Option } from "effect"
import { keyStatus } from "../../domain/ApiKey.js"
import { InvalidKeyError, StoreError } from "../../domain/Errors.js"
import { isSecretValid } from "../../domain/Rotation.js"
import { type Digest, isOverSha256, KeyHasher } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"
import { makeBatches } from "./Batches.js"
import type { Caller } from "./Caller.js"
import type { Redigest } from "./KeyRecord.js"

/** A text of a form that is accepted. */
export interface PresentedKey {
  readonly text: string
  /** Whether it is of a form that this library does not issue: only such keys may be kept by their SHA-256. */
  readonly foreign: boolean
}

/** A key that was found by its text. */
export interface LookedUp {
  readonly found: FoundKey
  /** What is to be put in the place of its digest; `null` where that is as it should be. */
  readonly redigest: Redigest | null
}

const contested = Metric.counter("apikeys_contested_keys", {
  description: "How often two keys were found under one plaintext, of which an import brought the second",
  incremental: true
})

/** The first of these that one of an organization's keys is says what its plaintext is good for. */
const endings = ["revoked", "expired", "disabled"] as const

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
  const candidatesOf = ({ foreign, text }: PresentedKey): Candidates => {
    const keyed = hasher.candidates(text)
    if (!foreign) return keyed
    const sha256 = hasher.unkeyedDigest(text)
    return [...hasher.keyed(sha256.bytes), ...keyed, sha256]
  }

  /** An index may compare in its own way; what was found is compared once more, in constant time. */
  const isOf = ({ digest, secretId }: FoundKey, candidate: Digest): boolean =>
    hasher.equals(digest, candidate.bytes) && isOverSha256(secretId) === isOverSha256(candidate.secretId)

  const lookedUp = (found: FoundKey, preferred: Digest): LookedUp => ({
    found,
    redigest: hasher.equals(found.digest, preferred.bytes) ? null : { from: found.digest, to: preferred }
  })

  /** @param now milliseconds since the epoch: what a rotation superseded is no key once its overlap ended */
  const choose = (
    candidates: Candidates,
    answers: ReadonlyArray<Option.Option<FoundKey>>,
    now: number
  ): LookedUp | null => {
    let first: FoundKey | null = null
    const all: Array<FoundKey> = []
    for (let i = 0; i < candidates.length; i++) {
      const answer = answers[i]
      if (answer === undefined || answer._tag === "None" || !isOf(answer.value, candidates[i] as Digest)) continue
      all.push(answer.value)
      if (first === null && isSecretValid(answer.value, now)) first = answer.value
    }
    const chosen = all.some(({ key }) => key.id !== all[0]?.key.id) ? decide(all, now) : first
    return chosen === null ? null : lookedUp(chosen, candidates[0])
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
      const chosen = choose(candidates, exit.value, clock.unsafeCurrentTimeMillis())
      land(chosen === null ? Exit.fail(new InvalidKeyError()) : Exit.succeed(chosen))
    })
  }
})

type Candidates = readonly [Digest, ...ReadonlyArray<Digest>]

/**
 * Of several keys under one plaintext, which nobody can say belongs to whom: `null`, unless all are of one organization, and
 * one of them ended. Then that one's end is the plaintext's.
 */
const decide = (all: ReadonlyArray<FoundKey>, now: number): FoundKey | null => {
  contested.unsafeUpdate(1, [])
  if (all.some(({ key }) => key.organizationId !== all[0]?.key.organizationId)) return null
  if (!all.every((found) => isSecretValid(found, now))) return null
  for (const ending of endings) {
    const ended = all.find(({ key }) => keyStatus(key, now) === ending)
    if (ended !== undefined) return ended
  }
  return null
}
