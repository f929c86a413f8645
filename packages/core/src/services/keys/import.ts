import { Chunk, DateTime, Effect, Either, Schedule, Stream } from "effect"
import type { InvalidInputError, StoreError } from "../../domain/Errors.js"
import { invalidInput } from "../../domain/Input.js"
import type { KeyImportOutcome } from "../../ports/KeyImport.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { turn } from "../EventLoop.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { orNotFound } from "../tenants/entity.js"
import { monotonicMillis } from "../verifier/Times.js"
import { UsageRecorder } from "../verifier/UsageRecorder.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import type { ApiKeysService } from "./ApiKeysService.js"
import type { ImportKeyOptions, ImportProgress, RefusedImport } from "./ImportKeys.js"
import { decodeBulkOptions, decodeImportOptions } from "./importInput.js"
import { idIn, issuesOf, judge, type Prepared } from "./importVerdict.js"
import { makePrepare } from "./prepareImport.js"

type Operations = Pick<ApiKeysService, "importKey" | "importKeys">

/** Keys that are to be inserted together, and what they came from. */
interface Batch {
  readonly inputs: ReadonlyArray<unknown>
  readonly prepared: ReadonlyArray<Either.Either<Prepared, InvalidInputError>>
}

const nothingYet: ImportProgress = { imported: 0, existing: 0, refused: 0 }

/** How many milliseconds an import keeps the event loop to itself. */
const stint = 5

/** Whether a store's call is worth repeating. */
const repeatable = {
  schedule: Schedule.exponential("50 millis"),
  times: 4,
  while: ({ retryable }: StoreError) => retryable
}

const tooManyRefused = (maxRefused: number) => invalidInput("", `more than ${maxRefused} keys were refused`)

/** Takes over keys that were issued elsewhere. */
export const makeImports = Effect.gen(function* () {
  const store = yield* KeyStore
  const codec = yield* MetadataCodec
  const { adding } = yield* VerificationCache
  const uses = yield* UsageRecorder
  const prepare = yield* makePrepare

  const importKey: Operations["importKey"] = Effect.fn("ApiKeys.importKey")(function* (input, options) {
    const decoded = yield* decodeImportOptions(options ?? {})
    const prepared = yield* prepare(input, yield* DateTime.now, decoded)
    const [outcome] = yield* adding(store.insertMany([prepared]))
    if (outcome === undefined) return yield* Effect.dieMessage("KeyStore.insertMany told of no key")
    const { created, keyId } = yield* judge(prepared, outcome)
    const key = created ? prepared.key : yield* store.find(keyId).pipe(orNotFound("key", keyId))
    return { key: yield* codec.typedKey(uses.include(key)), created }
  })

  /** Lets others have the event loop now and then: a source may be endless, and the process has more to do. */
  const prepareBatch = Effect.fnUntraced(function* (inputs: ReadonlyArray<unknown>, options: ImportKeyOptions) {
    const clock = yield* Effect.clock
    const now = yield* DateTime.now
    const prepared: Array<Either.Either<Prepared, InvalidInputError>> = []
    yield* turn
    let began = monotonicMillis(clock)
    for (const input of inputs) {
      const one = prepare(input, now, options)
      prepared.push(Either.isEither(one) ? one : yield* Effect.either(one))
      if (monotonicMillis(clock) - began < stint) continue
      yield* turn
      began = monotonicMillis(clock)
    }
    return { inputs, prepared } satisfies Batch
  })

  /** Whether a key that is there is one that a lost answer of this very import told of. */
  const isOwn = ({ key }: Prepared, outcome: KeyImportOutcome): Effect.Effect<boolean, StoreError> =>
    outcome._tag === "Existing" && outcome.keyId === key.id
      ? Effect.map(
          Effect.retry(store.find(key.id), repeatable),
          (found) => found._tag === "Some" && DateTime.Equivalence(found.value.updatedAt, key.updatedAt)
        )
      : Effect.succeed(false)

  /** Inserts keys. A call whose answer was lost is repeated, and what it had inserted exists then. */
  const insert = Effect.fnUntraced(function* (keys: ReadonlyArray<Prepared>) {
    if (keys.length === 0) return []
    let calls = 0
    const call = Effect.suspend(() => {
      calls++
      return adding(store.insertMany(keys))
    })
    const outcomes = yield* Effect.retry(call, repeatable)
    if (outcomes.length !== keys.length) return yield* Effect.dieMessage("KeyStore.insertMany told of too few keys")
    if (calls === 1) return outcomes
    return yield* Effect.forEach(keys, (each, i) => {
      const outcome = outcomes[i] as KeyImportOutcome
      return Effect.map(isOwn(each, outcome), (own): KeyImportOutcome => (own ? { _tag: "Inserted" } : outcome))
    })
  })

  /** Inserts one batch, unless too many are refused already, and tells what became of all so far. */
  const insertBatch = Effect.fnUntraced(function* (
    { inputs, prepared }: Batch,
    before: ImportProgress,
    maxRefused: number
  ) {
    const good = prepared.flatMap((each) => (Either.isRight(each) ? [each.right] : []))
    const ends = before.refused + prepared.length - good.length > maxRefused
    const outcomes = ends ? [] : yield* insert(good)
    const told = outcomes[Symbol.iterator]()
    const first = before.imported + before.existing + before.refused
    const refused: Array<RefusedImport> = []
    const progress = { ...before }
    const refuse = (index: number, issues: RefusedImport["issues"]) => {
      progress.refused++
      refused.push({ index: first + index, id: idIn(inputs[index]), issues })
    }
    for (const [index, each] of prepared.entries()) {
      if (Either.isLeft(each)) {
        refuse(index, each.left.issues)
        continue
      }
      const outcome: KeyImportOutcome | undefined = told.next().value
      // It was not inserted, since the import ends here.
      if (outcome === undefined) continue
      const verdict = judge(each.right, outcome)
      if (Either.isLeft(verdict)) refuse(index, issuesOf(verdict.left, each.right.secretPath))
      else if (verdict.right.created) progress.imported++
      else progress.existing++
    }
    return { progress: progress as ImportProgress, refused }
  })

  const importKeys: Operations["importKeys"] = Effect.fn("ApiKeys.importKeys")(function* (source, options) {
    const { batchSize, maxRefused: told, ...rest } = yield* decodeBulkOptions(options ?? {})
    const maxRefused = told ?? Number.POSITIVE_INFINITY
    const onRefused = options?.onRefused ?? (() => Effect.void)
    const onProgress = options?.onProgress ?? (() => Effect.void)
    const batches = Stream.chunks(Stream.rechunk(source, batchSize)).pipe(
      Stream.mapEffect((batch) => prepareBatch(Chunk.toReadonlyArray(batch), rest)),
      // One batch is prepared while the store inserts the one before.
      Stream.buffer({ capacity: 1 })
    )
    return yield* Stream.runFoldEffect(batches, nothingYet, (before, batch) =>
      Effect.gen(function* () {
        const { progress, refused } = yield* insertBatch(batch, before, maxRefused)
        yield* Effect.forEach(refused, onRefused, { discard: true })
        yield* onProgress(progress)
        return progress.refused > maxRefused ? yield* tooManyRefused(maxRefused) : progress
      })
    )
  })

  return { importKey, importKeys } satisfies Operations
})
