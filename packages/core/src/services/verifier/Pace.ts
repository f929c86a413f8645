import type { KeyId } from "../../domain/Ids.js"
import { capacityOf } from "../../domain/RateLimit.js"
import { maxLeaseMillis } from "../../domain/RateLimitLease.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"

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
const forgottenMillis = 5000

/** Of more keys, the one that came first begins anew. */
const maxKeys = 10_000

/**
 * How many permits to take ahead: more each time they ran out, and as many as were spent where they did not. For how long
 * to hold them, so that they are back before others have exhausted the limit. And whether some that others hold may still
 * return.
 */
export class Pace {
  readonly #beats = new Map<KeyId, Beat>()
  #swept = 0

  /** For calls that go to the store now, so many of them together. */
  ahead(id: KeyId, calls: number, now: number): number {
    const beat = this.#beatOf(id)
    const often = calls > 1 || now - beat.asked < beat.often
    beat.asked = now
    beat.ahead = often ? Math.min(most, Math.max(least, 2 * beat.ahead)) : 0
    return beat.ahead
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

  /** So many of the permits of a lease were not spent. */
  left(id: KeyId, left: number): void {
    const beat = this.#beats.get(id)
    if (beat !== undefined && left > 0) beat.ahead = Math.max(0, Math.ceil((beat.ahead - left) / 2))
  }

  /** So many were given back. */
  returned(id: KeyId, permits: number): void {
    const beat = this.#beats.get(id)
    if (beat !== undefined && beat.remaining !== null) beat.remaining += permits
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
    for (const [id, { asked }] of this.#beats) if (now - asked > forgottenMillis) this.#beats.delete(id)
  }

  #beatOf(id: KeyId): Beat {
    const known = this.#beats.get(id)
    if (known !== undefined) return known
    if (this.#beats.size >= maxKeys) this.#beats.delete(this.#beats.keys().next().value as KeyId)
    const never = Number.NEGATIVE_INFINITY
    const beat = {
      asked: never,
      ahead: 0,
      often: oftenMillis,
      remaining: null,
      heard: never,
      rate: mostRate,
      shared: never,
      waited: never
    }
    this.#beats.set(id, beat)
    return beat
  }
}
