import { type Clock, Effect, Exit } from "effect"
import { type InvalidKeyError, StoreError } from "../../domain/Errors.js"
import type { Caller } from "./Caller.js"
import { exitOfOne } from "./exitOfOne.js"
import type { Fill } from "./KeyCache.js"
import { KeyRecord, type Shared, unshared } from "./KeyRecord.js"
import { type LookedUp, makeLookUp, type PresentedKey } from "./lookUp.js"
import { monotonicMillis, timesOf } from "./Times.js"
import { UsageRecorder } from "./UsageRecorder.js"
import { type Basis, VerificationCache } from "./VerificationCache.js"

/** A key as it was known. */
export interface Known {
  readonly record: KeyRecord
  readonly basis: Basis
}

type Read = Exit.Exit<KeyRecord, InvalidKeyError | StoreError>

type Found = Exit.Exit<Known, InvalidKeyError | StoreError>

/** Asks the store; plain code is called back with what it found. */
export type Remember = (
  fingerprint: string,
  presented: PresentedKey,
  caller: Caller,
  clock: Clock.Clock,
  land: (found: Found) => void
) => void

interface Waiter {
  readonly caller: Caller
  readonly land: (found: Found) => void
}

/** A look-up that is under way, and who waits for it. */
interface Flight {
  readonly basis: Basis
  readonly fill: Fill
  readonly waiters: Array<Waiter>
}

/** Who comes later than this asks anew: what a slow store answers by then may be older than the bound on changes. */
const maxAge = 200

/** So many may wait for the store; made-up keys must not take a process down. */
const maxWaiting = 10_000

/** Where too many wait, whoever comes looks at so many of them, and takes the place of one who is gone. */
const lookedAt = 16

const tooMany = () =>
  new StoreError({ operation: "KeyStore.findByDigests", retryable: true, reason: "too many look-ups are waiting" })

/** Looks keys up, one look-up at a time for each plaintext, and remembers what was found. */
export const makeRemember = Effect.gen(function* () {
  const lookUp = yield* makeLookUp
  const cache = yield* VerificationCache
  const uses = yield* UsageRecorder
  const flights = new Map<string, Flight>()
  const waiting = new Set<Waiter>()

  const basisNow = (clock: Clock.Clock): Basis => {
    const now = timesOf(clock)
    return cache.basisAt(now.monotonic, now)
  }

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
    land: (read: Read) => void
  ): void => lookUp(presented, caller, clock, (exit) => land(Exit.map(exit, (lookedUp) => recordOf(lookedUp, share))))

  const isOpen = ({ basis, fill }: Flight, now: number): boolean =>
    now - basis.asOf < maxAge && !fill.outdated && !fill.superseded && fill.changed.size === 0

  const keep = ({ fill }: Flight, fingerprint: string, found: Read, clock: Clock.Clock): void => {
    if (Exit.isSuccess(found)) cache.keys.complete(fill, fingerprint, found.value, monotonicMillis(clock))
    else if (isUnknown(found)) cache.keys.completeUnknown(fill, fingerprint, monotonicMillis(clock))
    else cache.keys.abandon(fill)
  }

  /** Whoever looks a key up may be interrupted; the others who came to wait for it did not ask for that. */
  const start = (fingerprint: string, presented: PresentedKey, clock: Clock.Clock, first: Waiter): void => {
    const flight: Flight = { basis: basisNow(clock), fill: cache.keys.begin(), waiters: [first] }
    flights.set(fingerprint, flight)
    read(presented, first.caller.lasting, clock, cache.shared, (found) => {
      if (flights.get(fingerprint) === flight) flights.delete(fingerprint)
      keep(flight, fingerprint, found, clock)
      for (const [i, waiter] of flight.waiters.entries()) {
        waiting.delete(waiter)
        waiter.land(Exit.map(exitOfOne(found, i), (record) => ({ record, basis: flight.basis })))
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

  const find: Remember = (fingerprint, presented, caller, clock, land) => {
    if (!hasRoom()) return land(Exit.fail(tooMany()))
    const waiter = { caller, land }
    waiting.add(waiter)
    const flight = flights.get(fingerprint)
    if (flight !== undefined && isOpen(flight, monotonicMillis(clock))) flight.waiters.push(waiter)
    else start(fingerprint, presented, clock, waiter)
  }

  const findUnshared: Remember = (_, presented, caller, clock, land) => {
    const basis = basisNow(clock)
    read(presented, caller, clock, unshared, (found) => land(Exit.map(found, (record) => ({ record, basis }))))
  }

  return cache.enabled ? find : findUnshared
})

const isUnknown = (exit: Read): boolean =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "InvalidKeyError"
