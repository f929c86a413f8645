import { type Context, Effect, type Option } from "effect"
import { InvalidKeyError, StoreError } from "../../domain/Errors.js"
import { KeyHasher } from "../../ports/KeyHasher.js"
import { type FoundKey, KeyStore } from "../../ports/KeyStore.js"
import { makeBatches } from "./Batches.js"

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

/** From the text of a key to what the store has of it, of whatever status. */
export const makeLookUp = Effect.gen(function* () {
  const hasher = yield* KeyHasher
  const findByDigests = yield* makeFindByDigests

  return Effect.fnUntraced(function* (text: string): Effect.fn.Return<FoundKey, InvalidKeyError | StoreError> {
    const digest = hasher.digest(text)
    const [found] = yield* findByDigests([digest.bytes])
    if (found === undefined || found._tag === "None") return yield* new InvalidKeyError()
    // An index may compare in its own way; what was found is compared once more, in constant time.
    if (!hasher.equals(found.value.digest, digest.bytes)) return yield* new InvalidKeyError()
    return found.value
  })
})
