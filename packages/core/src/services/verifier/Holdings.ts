import type { KeyId } from "../../domain/Ids.js"
import type { RateLimit } from "../../domain/RateLimit.js"
import type { RateLimitLease } from "../../domain/RateLimitLease.js"
import type { RateLimitOutcome, RateLimitStatus } from "../../domain/RateLimitStatus.js"
import type { RateLimitCharge, RateLimitRefund } from "../../ports/RateLimitStore.js"
import { haveParted, offsetOf, type Times } from "./Times.js"

/** What of its life is left to a lease that is not to be spent any more, so that many are looked for at once. */
const slack = 1 / 4

/** Permits at hand. */
interface Holding {
  readonly lease: RateLimitLease
  readonly limits: ReadonlyArray<RateLimit>
  /** Until when they may be spent, by a clock that nobody sets. */
  readonly until: number
  /** By when what is left of them is put aside. */
  readonly due: number
  /** Since when they are at hand. */
  readonly since: number
  /** How far apart the clocks were when they were taken. */
  readonly offset: number
  /** The limits as the store has them, without these permits. */
  readonly statuses: ReadonlyArray<RateLimitStatus>
  left: number
}

/** Whether permits may not be spent any more, or nobody knows: where the clocks have parted, or went back. */
const isOver = ({ offset, since, until }: Holding, now: Times): boolean =>
  until <= now.monotonic || since > now.monotonic || haveParted(offset, now)

const shown = (status: RateLimitStatus, left: number): RateLimitStatus => ({
  name: status.name,
  algorithm: status.algorithm,
  requests: status.requests,
  window: status.window,
  burst: status.burst,
  windowSeconds: status.windowSeconds,
  remaining: status.remaining + left,
  resetAfterSeconds: status.resetAfterSeconds,
  retryAfterSeconds: status.retryAfterSeconds
})

const withLeft = (statuses: ReadonlyArray<RateLimitStatus>, left: number): RateLimitOutcome => ({
  allowed: true,
  retryAfterSeconds: 0,
  limits: statuses.map((status) => shown(status, left))
})

/** A lease that ended. */
export interface Ended {
  readonly keyId: KeyId
  readonly limits: ReadonlyArray<RateLimit>
  readonly permits: number
  /** So many of them were not spent. */
  readonly left: number
  /** In this part of its time, above 0 and up to 1. */
  readonly part: number
}

/** Leases that were spent to this number of permits are of keys that are called again and again in their time. */
const busy = 4

/** The permits that this process took ahead: at hand, or put aside to be given back. */
export class Holdings {
  readonly #held = new Map<KeyId, Holding>()
  readonly #aside = new Map<KeyId, RateLimitRefund>()
  #due = Number.POSITIVE_INFINITY
  readonly #onEnd: (ended: Ended) => void

  constructor(onEnd: (ended: Ended) => void) {
    this.#onEnd = onEnd
  }

  /** Pays with permits at hand; `null` where there are not enough. */
  spend(id: KeyId, limits: ReadonlyArray<RateLimit>, cost: number, now: Times): RateLimitOutcome | null {
    const held = this.#held.get(id)
    if (held === undefined || held.limits !== limits || held.left < cost || isOver(held, now)) return null
    held.left -= cost
    if (held.left === 0) {
      this.#held.delete(id)
      this.#end(id, held, now.monotonic)
    }
    return withLeft(held.statuses, held.left)
  }

  /**
   * Takes permits in hand, of a key that has none.
   *
   * @param began before the store was asked for them
   */
  hold(
    { keyId, limits }: Pick<RateLimitCharge, "keyId" | "limits">,
    lease: RateLimitLease,
    { limits: statuses }: RateLimitOutcome,
    began: Times,
    now: number,
    until: number
  ): RateLimitOutcome {
    const due = until + slack * Math.max(0, until - now)
    this.#due = Math.min(this.#due, due)
    this.#held.set(keyId, {
      lease,
      limits,
      since: now,
      offset: offsetOf(began),
      until,
      due,
      statuses,
      left: lease.permits
    })
    return withLeft(statuses, lease.permits)
  }

  /** Puts aside what is left of a lease, so that it is given back and not spent any more. */
  putAside(id: KeyId, now: number): void {
    const held = this.#held.get(id)
    if (held === undefined) return
    this.#held.delete(id)
    this.#end(id, held, now)
    this.#aside.set(id, { keyId: id, limits: held.limits, lease: { ...held.lease, permits: held.left } })
  }

  #end(keyId: KeyId, { lease, left, limits, since, until }: Holding, now: number): void {
    const part = Math.min(1, Math.max(now - since, 1) / Math.max(until - since, 1))
    this.#onEnd({ keyId, limits, permits: lease.permits, left, part })
  }

  /** Whether permits of a key are at hand that may be spent. */
  has(id: KeyId, now: number): boolean {
    const held = this.#held.get(id)
    return held !== undefined && held.until > now
  }

  /** Puts aside those that came first and may not be spent any more: what is looked for costs no more than what is found. */
  putEndedAside(now: number): void {
    for (const [id, { until }] of this.#held) {
      if (until > now) return
      this.putAside(id, now)
    }
  }

  /**
   * Puts aside those that came first, are in the second half of their time and were spent again and again, so that the
   * leases of many keys come to be taken at once.
   *
   * @param count so many at most
   */
  putEarlyAside(now: number, count: number, isWanted: (id: KeyId) => boolean): void {
    let put = 0
    for (const [id, { lease, left, since, until }] of this.#held) {
      if (put >= count || now - since < until - now) return
      if (lease.permits - left < busy || !isWanted(id)) continue
      this.putAside(id, now)
      put++
    }
  }

  /** Puts aside all that may not be spent any more. */
  sweep(now: number): void {
    this.#due = Number.POSITIVE_INFINITY
    for (const [id, { due, until }] of this.#held) {
      if (until <= now) this.putAside(id, now)
      else this.#due = Math.min(this.#due, due)
    }
  }

  /** Whether nothing that was put aside waits to be given back. */
  get owesNothing(): boolean {
    return this.#aside.size === 0
  }

  get isEmpty(): boolean {
    return this.#held.size === 0
  }

  /** When to sweep next. */
  get due(): number {
    return this.#due
  }

  /** Puts aside again what could not be given back, to be tried when it is due. */
  putBack(refunds: ReadonlyArray<RateLimitRefund>, due: number): void {
    for (const refund of refunds) this.#aside.set(refund.keyId, refund)
    if (refunds.length > 0) this.#due = Math.min(this.#due, due)
  }

  /** What was put aside, to be given back by the caller. */
  takeAside(): ReadonlyArray<RateLimitRefund> {
    const aside = [...this.#aside.values()]
    this.#aside.clear()
    return aside
  }

  /** The same of one key. */
  takeAsideOf(id: KeyId): RateLimitRefund | null {
    const aside = this.#aside.get(id) ?? null
    if (aside !== null) this.#aside.delete(id)
    return aside
  }

  /** Of a key whose counters begin anew: its permits are neither spent nor given back. */
  forget(id: KeyId): void {
    this.#held.delete(id)
    this.#aside.delete(id)
  }
}
