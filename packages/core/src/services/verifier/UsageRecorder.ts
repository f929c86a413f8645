import { DateTime, Deferred, type Duration, Effect } from "effect"
import type { ApiKey } from "../../domain/ApiKey.js"
import type { StoreError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import type { Instant } from "../../domain/Instant.js"
import { type Usage, UsageStore, type UsageTotal } from "../../ports/UsageStore.js"

interface Use {
  readonly key: ApiKey
  readonly at: Instant
  /** Completed with the key as it stands after this very use, once that is committed. */
  readonly recorded: Deferred.Deferred<ApiKey, StoreError>
}

const maxBatch = 1000

/** The uses of a batch by key: each key once, with its count and latest use. */
const byKey = (uses: ReadonlyArray<Use>): ReadonlyArray<Usage> => {
  const totals = new Map<KeyId, Usage>()
  for (const { at, key } of uses) {
    const before = totals.get(key.id)
    totals.set(key.id, {
      keyId: key.id,
      count: (before?.count ?? 0) + 1,
      lastUsedAt: before === undefined ? at : DateTime.max(before.lastUsedAt, at)
    })
  }
  return [...totals.values()]
}

/** Each use with its key's totals at that use: of three uses that end at 10, the first saw 8. */
const withTotals = (uses: ReadonlyArray<Use>, totals: ReadonlyMap<KeyId, UsageTotal>) => {
  const left = new Map(byKey(uses).map(({ count, keyId }) => [keyId, count]))
  return uses.map((use) => {
    const total = totals.get(use.key.id)
    const after = (left.get(use.key.id) ?? 1) - 1
    left.set(use.key.id, after)
    return {
      use,
      // A key that was deleted since it verified has no totals: it is shown as this call knew it.
      useCount: total === undefined ? use.key.useCount + 1 : total.useCount - after,
      lastUsedAt: total?.lastUsedAt ?? use.at
    }
  })
}

/**
 * Counts uses. A call returns after the batch that holds its use is committed; batches form by themselves
 * from the uses that arrive while the one before is being written.
 */
export const makeUsageRecorder = Effect.gen(function* () {
  const store = yield* UsageStore
  const writer = crypto.randomUUID()
  let number = 0
  let waiting: Array<Use> = []
  let unflushed = 0
  let writing = false
  /** Open while every use is flushed. */
  const flushed = yield* Effect.makeLatch(true)

  const write = (uses: ReadonlyArray<Use>) =>
    Effect.suspend(() => store.record({ writer, number: ++number, uses: byKey(uses) })).pipe(
      Effect.matchCauseEffect({
        onFailure: (cause) =>
          Effect.forEach(uses, ({ recorded }) => Deferred.failCause(recorded, cause), { discard: true }),
        onSuccess: (totals) =>
          Effect.forEach(
            withTotals(uses, totals),
            ({ lastUsedAt, use, useCount }) => Deferred.succeed(use.recorded, used(use.key, useCount, lastUsedAt)),
            { discard: true }
          )
      }),
      Effect.ensuring(
        Effect.suspend(() => {
          unflushed -= uses.length
          return unflushed === 0 ? flushed.open : Effect.void
        })
      )
    )

  const writeAll: Effect.Effect<void> = Effect.suspend(() => {
    const uses = waiting.slice(0, maxBatch)
    waiting = waiting.slice(maxBatch)
    if (uses.length > 0) return Effect.zipRight(write(uses), writeAll)
    writing = false
    return Effect.void
  })

  const enqueue = (use: Use) =>
    Effect.suspend(() => {
      waiting.push(use)
      unflushed++
      if (writing) return flushed.close
      writing = true
      // Not a child of the caller: a caller that is interrupted takes nobody else's use with it.
      return Effect.zipRight(flushed.close, Effect.forkDaemon(writeAll))
    }).pipe(Effect.uninterruptible)

  const record = Effect.fnUntraced(function* (key: ApiKey): Effect.fn.Return<ApiKey, StoreError> {
    const recorded = yield* Deferred.make<ApiKey, StoreError>()
    yield* enqueue({ key, at: yield* DateTime.now, recorded })
    return yield* Deferred.await(recorded)
  })

  let givenUp = 0
  const flush = (timeout: Duration.DurationInput): Effect.Effect<number> =>
    flushed.await.pipe(
      Effect.timeoutOption(timeout),
      Effect.map(() => {
        givenUp = unflushed
        return unflushed
      })
    )

  // Who has flushed has waited for what is left, as long as it was worth.
  yield* Effect.addFinalizer(() => (unflushed > givenUp ? flush("5 seconds") : Effect.void))
  return { record, flush }
})

const used = (key: ApiKey, useCount: number, lastUsedAt: Instant): ApiKey =>
  Object.assign(Object.create(Object.getPrototypeOf(key)), key, { useCount, lastUsedAt })
