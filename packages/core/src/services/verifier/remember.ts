import { type Clock, Effect, Exit } from "effect"
import { type InvalidKeyError, StoreError } from "../../domain/Errors.js"
import type { Caller } from "./Caller.js"
import type { Fill } from "./KeyCache.js"
import { KeyRecord, type Shared, unshared } from "./KeyRecord.js"
import { type LookedUp, makeLookUp, type PresentedKey } from "./lookUp.js"
import { monotonicMillis } from "./Times.js"
import { UsageRecorder } from "./UsageRecorder.js"
import { VerificationCache } from "./VerificationCache.js"

type Found = Exit.Exit<KeyRecord, InvalidKeyError | StoreError>

interface Waiter {
  readonly caller: Caller
  readonly land: (found: Found) => void
}

/** A look-up that is under way, and who waits for it. */
interface Flight {
  readonly began: number
  readonly fill: Fill
  readonly waiters: Array<Waiter>
}

/** Who comes later than this asks anew: what a slow store answers by then may be older than the bound on changes. */
const maxAge = 200

/** So many may wait for the store; made-up keys must not take a process down. */
const maxWaiting = 10_000

/** Where too many wait, whoever comes looks at so many of them, and takes the place of one who is gone. */
const lookedAt = 16

const tooMany = Exit.fail(
  new StoreError({ operation: "KeyStore.findByDigests", retryable: true, reason: "too many look-ups are waiting" })
)

/** Looks keys up, one look-up at a time for each plaintext, and remembers what was found. */
export const makeRemember = Effect.gen(function* () {
  const lookUp = yield* makeLookUp
  const cache = yield* VerificationCache
  const uses = yield* UsageRecorder
  const flights = new Map<string, Flight>()
  const waiting = new Set<Waiter>()

  const recordOf = ({ found, redigest }: LookedUp, share: Shared): KeyRecord => {
    const record = new KeyRecord(uses.include(found.key), found, share)
    record.redigest = redigest
    return record
  }

  const read = (
    presented: PresentedKey,
    caller: Caller,
    clock: Clock.Clock,
    share: Shared,
    land: (found: Found) => void
  ): void => lookUp(presented, caller, clock, (exit) => land(Exit.map(exit, (lookedUp) => recordOf(lookedUp, share))))

  const isOpen = ({ began, fill }: Flight, now: number): boolean =>
    now - began < maxAge && !fill.outdated && !fill.superseded && fill.changed.size === 0

  const keep = ({ fill }: Flight, fingerprint: string, found: Found, clock: Clock.Clock): void => {
    if (Exit.isSuccess(found)) cache.keys.complete(fill, fingerprint, found.value, monotonicMillis(clock))
    else if (isUnknown(found)) cache.keys.completeUnknown(fill, fingerprint, monotonicMillis(clock))
    else cache.keys.abandon(fill)
  }

  /** Whoever looks a key up may be interrupted; the others who came to wait for it did not ask for that. */
  const start = (fingerprint: string, presented: PresentedKey, clock: Clock.Clock, first: Waiter): void => {
    const flight: Flight = { began: monotonicMillis(clock), fill: cache.keys.begin(), waiters: [first] }
    flights.set(fingerprint, flight)
    read(presented, first.caller.lasting, clock, cache.shared, (found) => {
      if (flights.get(fingerprint) === flight) flights.delete(fingerprint)
      keep(flight, fingerprint, found, clock)
      for (const waiter of flight.waiters) {
        waiting.delete(waiter)
        waiter.land(found)
      }
    })
  }

  /** The longest of those who wait are looked at first; whoever is there still goes to the end. */
  const hasRoom = (): boolean => {
    let looks = lookedAt
    for (const waiter of waiting) {
      if (waiting.size < maxWaiting || looks-- === 0) break
      waiting.delete(waiter)
      if (!waiter.caller.isGone) waiting.add(waiter)
    }
    return waiting.size < maxWaiting
  }

  const find = (
    fingerprint: string,
    presented: PresentedKey,
    caller: Caller,
    clock: Clock.Clock,
    land: (found: Found) => void
  ): void => {
    if (!hasRoom()) return land(tooMany)
    const waiter = { caller, land }
    waiting.add(waiter)
    const flight = flights.get(fingerprint)
    if (flight !== undefined && isOpen(flight, monotonicMillis(clock))) flight.waiters.push(waiter)
    else start(fingerprint, presented, clock, waiter)
  }

  /** Asks the store; plain code is called back with what it found. */
  return cache.enabled
    ? find
    : (_: string, presented: PresentedKey, caller: Caller, clock: Clock.Clock, land: (found: Found) => void) =>
        read(presented, caller, clock, unshared, land)
})

const isUnknown = (exit: Found): boolean =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "InvalidKeyError"
