import type { KeyId } from "../../domain/Ids.js"
import { capacityOf, type RateLimit } from "../../domain/RateLimit.js"
import { maxLeaseMillis } from "../../domain/RateLimitLease.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"
import type { LeaseRequest, RateLimitCharge, RateLimitRefund } from "../../ports/RateLimitStore.js"
import type { Ended } from "./Holdings.js"

/** What this process knows of the calls of one key, its own and those of others. */
interface Beat {
  /** When permits were asked for last. */
  asked: number
  /** How many. */
  ahead: number
  /** Calls that are further apart are not worth a lease. */
  often: number
  /** What the store had left, when it was heard of last; `null` before that. */
  remaining: number | null
  /** When that was. */
  heard: number
  /** So many permits are taken in a millisecond, by this process and others. */
  rate: number
  /** When it had less than this process had left it. */
  shared: number
  /** When calls waited last before they were refused. */
  waited: number
  /** Whether permits are taken though none of a lease were spent before. */
  isGuess: boolean
}

/** Of a key that nothing is known of. */
const oftenMillis = 250

const least = 8
const most = 10_000

/** For as long as permits are held at most, so that there is time left to give them back. */
const mostHeldMillis = 0.8 * maxLeaseMillis

/** Permits are held for this part of the time in which what is left is exhausted at the rate that was seen. */
const heldPart = 1 / 4

/** The rate may rise to this at any time, and beyond that it is not followed. */
const leastRate = 0.5
const mostRate = 2

/** A rate that is not seen any more halves in this time. */
const halfLifeMillis = 100

/** So long after others have charged a limit, some of their permits may return. */
const sharedMillis = 500

/** So seldom is it waited for, so that of a flood of calls few wait; a limit of a second that is exhausted each time does. */
const patientEveryMillis = 500

/** A key that was silent for so long begins anew. */
const forgottenMillis = 60_000

/** Permits for calls that did not come yet are taken of a limit that has as many times more. */
const roomy = 64

/** Of more keys, the one that came first begins anew. */
const maxKeys = 10_000

type Limited = Omit<RateLimitCharge, "cost">

/** Keys in order, with the limits that they had. */
type Waiting = Map<KeyId, ReadonlyArray<RateLimit>>

/** A key that permits are taken for though it is not called. */
type Along = Omit<LeaseRequest, "cost" | "refund">

/** At first, at least and at most so many keys that are not called go along with one that is. */
const guessesAtFirst = 4
const leastGuesses = 1 / 8
const mostGuesses = 32

/** How many keys are to go along that nothing is known of but when they were called: more, the more of them were right. */
class Guesses {
  #each = guessesAtFirst
  #credit = 0

  take(): number {
    this.#credit += this.#each
    const count = Math.floor(this.#credit)
    this.#credit -= count
    return count
  }

  learn(isRight: boolean): void {
    this.#each = isRight ? Math.min(mostGuesses, this.#each + 1) : Math.max(leastGuesses, this.#each - 1)
  }
}

/** Twice as many as before. */
const more = ({ ahead }: Beat): number => Math.min(most, Math.max(least, 2 * ahead))

const isRoomy = (beat: Beat): boolean => (beat.remaining ?? 0) >= roomy * more(beat)

/**
 * How many permits to take ahead: more each time they ran out, and half as many again as were spent where they did not. For
 * which keys to take them though these are not called. For how long to hold them, so that they are back before others have
 * exhausted the limit. And whether some that others hold may still return.
 */
export class Pace {
  readonly #beats = new Map<KeyId, Beat>()
  /** Keys whose last lease was spent, if in part: in the order in which these ended. */
  readonly #spenders: Waiting = new Map()
  /** Keys that were called, and had no lease since: in this order. */
  readonly #callers: Waiting = new Map()
  readonly #guesses = new Guesses()
  #swept = 0

  /** For calls that go to the store now, so many of them together. */
  ahead({ keyId, limits }: Limited, calls: number, now: number): number {
    const beat = this.#beatOf(keyId)
    this.#callers.delete(keyId)
    const spent = this.#spenders.delete(keyId)
    const often = spent || calls > 1 || now - beat.asked < beat.often
    beat.asked = now
    beat.ahead = often ? more(beat) : 0
    beat.isGuess = false
    if (!often) this.#callers.set(keyId, limits)
    return beat.ahead
  }

  /**
   * Permits for keys that are not called now, and likely will be: those whose last lease was spent, and then, as far as
   * this was right lately, those that were not called for the longest time. Where the permits come to nothing, none are
   * taken until the key is called again.
   *
   * @param count so many keys at most
   * @param isHeld whether a key has permits at hand
   */
  along(count: number, now: number, isHeld: (id: KeyId) => boolean): ReadonlyArray<Along> {
    const proven = this.#takeFrom(this.#spenders, count, now, isHeld)
    const guesses = Math.min(count - proven.length, this.#guesses.take())
    return [...proven, ...this.#takeFrom(this.#callers, guesses, now, isHeld)]
  }

  #takeFrom(waiting: Waiting, count: number, now: number, isHeld: (id: KeyId) => boolean): ReadonlyArray<Along> {
    const found: Array<Along> = []
    for (const [keyId, limits] of waiting) {
      if (found.length >= count) break
      const beat = this.#beats.get(keyId)
      // Of the calls of this very moment.
      if (beat?.asked === now) break
      waiting.delete(keyId)
      if (beat === undefined || isHeld(keyId) || !isRoomy(beat)) continue
      beat.asked = now
      beat.ahead = more(beat)
      beat.isGuess = waiting === this.#callers
      found.push({ keyId, limits, ahead: beat.ahead })
    }
    return found
  }

  /** Whether a limit has that much left that permits may be taken of it for calls that did not come yet. */
  isRoomy(id: KeyId): boolean {
    const beat = this.#beats.get(id)
    return beat !== undefined && isRoomy(beat)
  }

  /** How many keys there are whose last lease was spent. */
  get spenders(): number {
    return this.#spenders.size
  }

  /**
   * Of limits as the store has them.
   *
   * @param taken by the very call that tells
   * @param now by the clock that `waits` is asked with
   * @returns for how long permits of theirs are held: for less time the fewer are left and the faster these are taken
   */
  heard(id: KeyId, limits: ReadonlyArray<RateLimitStatus>, taken: number, now: number): number {
    const beat = this.#beats.get(id)
    if (beat === undefined) return 0
    const remaining = Math.min(...limits.map((limit) => limit.remaining))
    // Who hears of a limit first does not know since when it is used, nor how fast.
    if (remaining < (beat.remaining ?? Math.min(...limits.map(capacityOf))) - taken) beat.shared = now
    if (beat.remaining !== null) {
      const passed = Math.max(1, now - beat.heard)
      beat.rate = Math.max((beat.remaining - remaining) / passed, beat.rate * 0.5 ** (passed / halfLifeMillis))
    }
    beat.remaining = remaining
    beat.heard = now
    const held = (heldPart * remaining) / Math.min(mostRate, Math.max(leastRate, beat.rate))
    const lives = Math.min(mostHeldMillis, held)
    // Who calls as often as this finds some of a lease left.
    beat.often = 1.25 * lives
    return lives
  }

  /** What was spent of a lease tells how many permits the next one takes, and whether to take it before it is asked for. */
  ended({ keyId, left, limits, part, permits }: Ended): void {
    const beat = this.#beats.get(keyId)
    if (beat === undefined) return
    // Half as many again as would have been spent in its whole time: calls that come a little sooner find some left.
    if (left > 0) beat.ahead = Math.min(beat.ahead, Math.ceil((3 * (permits - left)) / (4 * part)))
    if (beat.isGuess) this.#guesses.learn(left < permits)
    beat.isGuess = false
    if (left < permits) this.#spenders.set(keyId, limits)
  }

  /** Permits were given back. */
  returned({ keyId, lease }: RateLimitRefund): void {
    const beat = this.#beats.get(keyId)
    if (beat !== undefined && beat.remaining !== null) beat.remaining += lease.permits
  }

  /** Whether to wait before a call is refused that the store has nothing for: mostly not. */
  waits(id: KeyId, now: number): boolean {
    const beat = this.#beats.get(id)
    if (beat === undefined) return false
    const waits = now - beat.shared < sharedMillis && now - beat.waited >= patientEveryMillis
    if (waits) beat.waited = now
    return waits
  }

  sweep(now: number): void {
    if (now - this.#swept < oftenMillis) return
    this.#swept = now
    for (const [id, { asked }] of this.#beats) if (now - asked > forgottenMillis) this.#forget(id)
  }

  #forget(id: KeyId): void {
    this.#beats.delete(id)
    this.#spenders.delete(id)
    this.#callers.delete(id)
  }

  #beatOf(id: KeyId): Beat {
    const known = this.#beats.get(id)
    if (known !== undefined) return known
    if (this.#beats.size >= maxKeys) this.#forget(this.#beats.keys().next().value as KeyId)
    const never = Number.NEGATIVE_INFINITY
    const beat = {
      asked: never,
      ahead: 0,
      often: oftenMillis,
      remaining: null,
      heard: never,
      rate: mostRate,
      shared: never,
      waited: never,
      isGuess: false
    }
    this.#beats.set(id, beat)
    return beat
  }
}
