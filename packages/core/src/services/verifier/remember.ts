import { type Clock, Effect, Exit } from "effect"
import { type InvalidKeyError, StoreError } from "../../domain/Errors.js"
import type { Fill } from "./KeyCache.js"
import { KeyRecord, type Shared, unshared } from "./KeyRecord.js"
import { type LookedUp, makeLookUp, type PresentedKey } from "./lookUp.js"
import { UsageRecorder } from "./UsageRecorder.js"
import { monotonicMillis, VerificationCache } from "./VerificationCache.js"

type Found = Effect.Effect<KeyRecord, InvalidKeyError | StoreError>

/** A look-up that is under way, and who else waits for it. */
interface Flight {
  readonly began: number
  readonly fill: Fill
  readonly waiting: Set<(found: Found) => void>
}

/** Who comes later than this asks anew: what a slow store answers by then may be older than the bound on changes. */
const maxAge = 200

/** So many may wait for the store; made-up keys must not take a process down. */
const maxWaiting = 10_000

const tooMany = new StoreError({
  operation: "KeyStore.findByDigests",
  retryable: true,
  reason: "too many look-ups are waiting"
})

/** Looks keys up, one look-up at a time for each plaintext, and remembers what was found. */
export const makeRemember = Effect.gen(function* () {
  const lookUp = yield* makeLookUp
  const cache = yield* VerificationCache
  const uses = yield* UsageRecorder
  const flights = new Map<string, Flight>()

  const recordOf = ({ current, found }: LookedUp, share: Shared): KeyRecord => {
    const record = new KeyRecord(uses.include(found.key), found, share)
    if (found.secretId !== current.secretId) record.redigest = { from: found.digest, to: current }
    return record
  }

  const read = (presented: PresentedKey, clock: Clock.Clock, share: Shared): Found =>
    Effect.map(
      Effect.suspend(() => lookUp(presented, clock.unsafeCurrentTimeMillis())),
      (lookedUp) => recordOf(lookedUp, share)
    )

  let waiting = 0

  const isOpen = ({ began, fill }: Flight, now: number): boolean =>
    now - began < maxAge && !fill.outdated && !fill.superseded && fill.changed.size === 0

  const join = (flight: Flight): Found =>
    Effect.async((resume) => {
      waiting++
      const land = (found: Found): void => {
        waiting--
        resume(found)
      }
      flight.waiting.add(land)
      return Effect.sync(() => {
        if (flight.waiting.delete(land)) waiting--
      })
    })

  const land = (
    fingerprint: string,
    presented: PresentedKey,
    flight: Flight,
    clock: Clock.Clock,
    exit: Exit.Exit<KeyRecord, InvalidKeyError | StoreError>
  ) => {
    waiting--
    if (flights.get(fingerprint) === flight) flights.delete(fingerprint)
    const now = monotonicMillis(clock)
    if (Exit.isSuccess(exit)) cache.keys.complete(flight.fill, fingerprint, exit.value, now)
    else if (isUnknown(exit)) cache.keys.completeUnknown(flight.fill, fingerprint, now)
    else cache.keys.abandon(flight.fill)
    // Whoever looked it up may be interrupted; the others did not ask for that.
    const found: Found = Exit.isInterrupted(exit) ? Effect.suspend(() => find(fingerprint, presented, clock)) : exit
    for (const each of flight.waiting) each(found)
    flight.waiting.clear()
  }

  const lead = (fingerprint: string, presented: PresentedKey, clock: Clock.Clock): Found => {
    const flight: Flight = { began: monotonicMillis(clock), fill: cache.keys.begin(), waiting: new Set() }
    flights.set(fingerprint, flight)
    waiting++
    return Effect.onExit(read(presented, clock, cache.shared), (exit) =>
      Effect.sync(() => land(fingerprint, presented, flight, clock, exit))
    )
  }

  const find = (fingerprint: string, presented: PresentedKey, clock: Clock.Clock): Found => {
    if (waiting >= maxWaiting) return tooMany
    const flight = flights.get(fingerprint)
    return flight !== undefined && isOpen(flight, monotonicMillis(clock))
      ? join(flight)
      : lead(fingerprint, presented, clock)
  }

  /** Asks the store. */
  return (fingerprint: string, presented: PresentedKey, clock: Clock.Clock): Found =>
    cache.enabled ? Effect.suspend(() => find(fingerprint, presented, clock)) : read(presented, clock, unshared)
})

const isUnknown = (exit: Exit.Exit<unknown, InvalidKeyError | StoreError>): boolean =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "InvalidKeyError"
