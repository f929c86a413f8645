import { Context, Effect, Layer } from "effect"
import { type Change, type Confirmation, KeyChanges } from "../../ports/KeyChanges.js"
import { Settings } from "../Settings.js"
import { type ChangeMark, KeyCache } from "./KeyCache.js"
import { type KeyRecord, makeShared, type Shared } from "./KeyRecord.js"
import { TenantFacts } from "./TenantFacts.js"
import { haveParted, offsetOf, type Times, timesOf } from "./Times.js"
import { Trust } from "./Trust.js"

/**
 * How old what a call was decided by may be when it ends, where nothing confirmed it since: less than the second after
 * which what another process changed is obeyed, by what the answer takes from here to the caller.
 */
const freshMillis = 900

/** As of when something is known. */
export interface Basis {
  /** No change is missing that was made before: monotonic milliseconds. */
  readonly asOf: number
  /** How far the clocks were apart then. */
  readonly offset: number
  /** What this process heard of since, of keys and of tenants, is not in it. */
  readonly mark: ChangeMark
  readonly tenants: number
}

/** What this process remembers of keys and tenants, and whether it may rely on it. */
export class VerificationCache extends Context.Tag("@apikeys/core/VerificationCache")<
  VerificationCache,
  {
    /** Whether anything is remembered at all. */
    readonly enabled: boolean
    readonly keys: KeyCache
    readonly facts: TenantFacts
    readonly shared: Shared
    /** Whether the store has confirmed so lately what was changed that nothing remembered is stale. */
    readonly isTrusted: (now: Times) => boolean
    /** Of what is read from now on, or was remembered and trusted as of `confirmedAt`. */
    readonly basisAt: (asOf: number, now: Times) => Basis
    /** Whether a key is still as it was known: nothing was changed, and what could have been is known. */
    readonly isCurrent: (record: KeyRecord, basis: Basis, now: Times) => boolean
    /** Up to when all changes are known, in monotonic milliseconds; `-Infinity` where that is not known. */
    readonly confirmedAt: () => number
    /** Runs what makes a change. What is remembered of it is forgotten before and after, whatever comes of it. */
    readonly changing: (change: Change) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** The same of what may change any key. */
    readonly changingAny: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Runs what adds keys, so that whoever presents one of them next is let in. */
    readonly adding: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>() {}

const make = Effect.gen(function* () {
  const { cache: bounds } = yield* Settings
  const changes = yield* KeyChanges
  const keys = new KeyCache(bounds ?? { capacity: 0, maxBytes: 0, negativeTtl: 0, ttl: 0 })
  const facts = new TenantFacts(bounds?.ttl ?? 0)
  const clock = yield* Effect.clock

  const forgetAll = (): void => {
    keys.clear()
    facts.clear()
  }
  const trust = new Trust(timesOf(clock), forgetAll)

  const apply = (change: Change): void => {
    if (change._tag === "Tenants") facts.clear()
    else keys.apply(change)
  }

  const onConfirmation = ({ asOf, changes, missed }: Confirmation): void => {
    if (missed) forgetAll()
    for (const change of changes) apply(change)
    // What a change altered is forgotten by now, so that nobody trusts what is not.
    trust.confirm(asOf, timesOf(clock))
  }

  const around =
    (forget: Effect.Effect<void>) =>
    <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.zipRight(forget, Effect.ensuring(self, forget))

  if (bounds !== null) yield* changes.follow(onConfirmation)

  return VerificationCache.of({
    enabled: bounds !== null,
    keys,
    facts,
    shared: makeShared(),
    isTrusted: (now) => trust.isGiven(now),
    basisAt: (asOf, now) => ({ asOf, offset: offsetOf(now), mark: keys.mark, tenants: facts.generation }),
    isCurrent: (record, { asOf, mark, offset }, now) =>
      // What is not trusted is forgotten, which counts as a change: so that is looked at first.
      (trust.isGiven(now) || (now.monotonic < asOf + freshMillis && !haveParted(offset, now))) &&
      !keys.hasChanged(record, mark),
    confirmedAt: () => trust.confirmedAt,
    changing: (change) => around(Effect.sync(() => apply(change))),
    changingAny: around(Effect.sync(() => keys.clear())),
    adding: (self) =>
      Effect.ensuring(
        self,
        Effect.sync(() => keys.forgetUnknown())
      )
  })
})

export const layer: Layer.Layer<VerificationCache, never, Settings | KeyChanges> = Layer.scoped(VerificationCache, make)
