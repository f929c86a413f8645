import { Clock, Context, Duration, Effect, Layer } from "effect"
import type { ApiKey } from "../../domain/ApiKey.js"
import { StoreError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import { type UsageBatch, UsageStore } from "../../ports/UsageStore.js"
import { Settings } from "../Settings.js"
import { UsageTallies } from "./UsageTallies.js"
import { VerificationCache } from "./VerificationCache.js"

/** Counts uses, and gives them to the store by and by. */
export class UsageRecorder extends Context.Tag("@apikeys/core/UsageRecorder")<
  UsageRecorder,
  {
    /** Whether a use can be counted at once. */
    readonly hasRoom: (id: KeyId) => boolean
    /** Counts a use, at a time in milliseconds since the epoch. */
    readonly count: (id: KeyId, at: number) => void
    /** Waits until a use can be counted. */
    readonly room: (id: KeyId) => Effect.Effect<void, StoreError>
    /** A key with the uses that the store had not when it was read. */
    readonly include: (key: ApiKey) => ApiKey
    /** Waits until every use counted so far is in the store, or for as long as given; returns how many are not. */
    readonly flush: (timeout: Duration.DurationInput) => Effect.Effect<number>
    /** Waits until every use counted so far is in the store: for reads that ask it when keys were used. */
    readonly settled: Effect.Effect<void, StoreError>
    /** How many uses are not in the store. */
    readonly unflushed: () => number
    /** How often the store did not take a batch. */
    readonly failures: () => number
  }
>() {}

/** As many keys as one batch holds. */
const maxBatch = 1000

/** Uses of so many times the keys that begin a flush are counted before callers have to wait. */
const slack = 4

/** As long as a caller waits for room. */
const patience = "2 seconds"

const longestBackoff = 5000

/** How long one who flushes waits for keys that are locked, before these are tried again. */
const lockedPause = "20 millis"

const unrecorded = (reason: string) => new StoreError({ operation: "UsageStore.record", retryable: true, reason })

const make = Effect.gen(function* () {
  const store = yield* UsageStore
  const cache = yield* VerificationCache
  const { flushInterval, flushKeys } = (yield* Settings).usage
  const tallies = new UsageTallies()
  const writer = crypto.randomUUID()
  let number = 0
  let failures = 0
  /** How many wait until every use is in the store. */
  let awaited = 0
  /** Open while there is something to flush. */
  const dirty = yield* Effect.makeLatch(false)
  /** Open while a flush is not to wait for its time. */
  const urgent = yield* Effect.makeLatch(false)
  /** Open while somebody flushes, who does not wait for a store to recover. */
  const hurry = yield* Effect.makeLatch(false)
  /** Open while uses of further keys can be counted. */
  const room = yield* Effect.makeLatch(true)
  /** Open while every use is in the store. */
  const flushed = yield* Effect.makeLatch(true)

  const hasRoom = (id: KeyId): boolean => tallies.dirty < flushKeys * slack || tallies.isDirty(id)

  const count = (id: KeyId, at: number): void => {
    if (tallies.unflushed === 0) {
      dirty.unsafeOpen()
      flushed.unsafeClose()
    }
    tallies.count(id, at)
    if (tallies.dirty >= flushKeys) urgent.unsafeOpen()
    if (tallies.dirty >= flushKeys * slack) room.unsafeClose()
  }

  /**
   * Until the store has it; gives the keys that it left out. A batch that is repeated counts once, so it may have been
   * carried out the time before.
   */
  const write = (batch: UsageBatch, attempt = 1): Effect.Effect<ReadonlyArray<KeyId>> =>
    Effect.matchCauseEffect(store.record(batch), {
      onFailure: () => {
        failures++
        hurry.unsafeClose()
        const backoff = Effect.sleep(Duration.millis(Math.min(longestBackoff, 50 * 2 ** attempt)))
        return Effect.zipRight(Effect.raceFirst(backoff, hurry.await), write(batch, attempt + 1))
      },
      onSuccess: ({ locked, totals }) =>
        Effect.sync(() => {
          tallies.settle(batch.uses, totals, new Set(locked))
          for (const [id, { useCount }] of totals) {
            for (const record of cache.keys.recordsOf(id)) record.useCount = Math.max(record.useCount, useCount)
          }
          return locked
        })
    })

  /** What is locked is left to the next round, so that nothing else waits for it. */
  const writeAll = (locked: ReadonlySet<KeyId>): Effect.Effect<ReadonlySet<KeyId>> =>
    Effect.suspend(() => {
      const uses = tallies.take(maxBatch, locked)
      if (tallies.dirty < flushKeys * slack) room.unsafeOpen()
      return uses.length === 0
        ? Effect.succeed(locked)
        : Effect.flatMap(write({ writer, number: ++number, uses }), (left) => writeAll(new Set([...locked, ...left])))
    })

  const round = Effect.gen(function* () {
    yield* dirty.await
    yield* Effect.raceFirst(Effect.sleep(Duration.millis(flushInterval)), urgent.await)
    urgent.unsafeClose()
    tallies.sweep()
    const locked = yield* writeAll(new Set())
    if (tallies.unflushed === 0) {
      dirty.unsafeClose()
      flushed.unsafeOpen()
    } else if (locked.size > 0 && awaited > 0) {
      yield* Effect.sleep(lockedPause)
      urgent.unsafeOpen()
    }
  })

  const drained: Effect.Effect<void> = Effect.suspend(() => {
    if (tallies.unflushed > 0) {
      urgent.unsafeOpen()
      hurry.unsafeOpen()
    }
    awaited++
    return Effect.ensuring(
      flushed.await,
      Effect.sync(() => awaited--)
    )
  })

  const flush = (timeout: Duration.DurationInput): Effect.Effect<number> =>
    Effect.map(Effect.timeoutOption(drained, timeout), () => {
      givenUp = tallies.unflushed
      return givenUp
    })

  let givenUp = 0
  yield* Effect.forkScoped(Effect.forever(round))
  // Who has flushed has waited for what is left, as long as it was worth.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => (tallies.unflushed > givenUp ? flush("5 seconds") : Effect.succeed(0))).pipe(
      // A test whose clock stands still is to end, too.
      Effect.withClock(Clock.make()),
      Effect.tap((lost) =>
        lost > 0 ? Effect.logWarning(`${lost} uses of API keys could not be recorded`) : Effect.void
      )
    )
  )

  return UsageRecorder.of({
    hasRoom,
    count,
    room: (id) =>
      Effect.suspend(() =>
        hasRoom(id)
          ? Effect.void
          : Effect.timeoutFail(room.await, {
              duration: patience,
              onTimeout: () => unrecorded("too many uses wait to be recorded")
            })
      ),
    include: (key) => tallies.include(key),
    flush,
    settled: Effect.suspend(() =>
      tallies.unflushed === 0
        ? Effect.void
        : Effect.timeoutFail(drained, { duration: patience, onTimeout: () => unrecorded("uses wait to be recorded") })
    ),
    unflushed: () => tallies.unflushed,
    failures: () => failures
  })
})

export const layer: Layer.Layer<UsageRecorder, never, Settings | UsageStore | VerificationCache> = Layer.scoped(
  UsageRecorder,
  make
)
