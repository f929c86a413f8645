import { haveParted, offsetOf, type Times } from "./Times.js"

/**
 * How long a confirmation is trusted. Together with the 200 milliseconds after which the next one is due, what another
 * process changed is obeyed within a second.
 */
export const trustMillis = 750

/**
 * Whether the store has confirmed so lately what was changed that nothing remembered is stale. Where the clocks of this
 * machine part, so that the age of a confirmation is not known, everything is forgotten, and the next one counts alone
 * that the store was asked for after that was seen.
 */
export class Trust {
  #confirmedAt = Number.NEGATIVE_INFINITY
  /** How far apart the clocks are. They drift, so it is taken anew with each confirmation. */
  #offset: number
  /** When the clocks were seen to have parted. */
  #partedAt = Number.NEGATIVE_INFINITY
  readonly #onParted: () => void

  constructor(now: Times, onParted: () => void) {
    this.#offset = offsetOf(now)
    this.#onParted = onParted
  }

  /** Up to when all changes are known, in monotonic milliseconds; `-Infinity` where that is not known. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  /** Asked for each call, so that a process that was stopped, or whose event loop was, serves nothing of before. */
  isGiven(now: Times): boolean {
    // Of a store that tells of each change as it is made, nothing can be missing.
    if (this.#confirmedAt === Number.POSITIVE_INFINITY) return true
    this.#compare(now)
    return now.monotonic - this.#confirmedAt < trustMillis
  }

  /** @param asOf as the store confirms it: `Infinity` where there is no need to confirm again */
  confirm(asOf: number, now: Times): void {
    if (this.#confirmedAt === Number.POSITIVE_INFINITY) return
    this.#compare(now)
    this.#offset = offsetOf(now)
    if (asOf >= this.#partedAt) this.#confirmedAt = Math.max(this.#confirmedAt, asOf)
  }

  #compare(now: Times): void {
    // A confirmation that is yet to come is of clocks that both went back.
    if (now.monotonic >= this.#confirmedAt && !haveParted(this.#offset, now)) return
    this.#offset = offsetOf(now)
    this.#partedAt = now.monotonic
    this.#confirmedAt = Number.NEGATIVE_INFINITY
    this.#onParted()
  }
}
