import type { KeyId } from "../../domain/Ids.js"

/** How often the calls of one key come. */
interface Beat {
  /** When permits were asked for last. */
  asked: number
  /** How many. */
  ahead: number
}

/** Calls that are further apart are not worth a lease. */
const oftenMillis = 250

const least = 8
const most = 10_000

/** A key that was silent for so long begins anew. */
const forgottenMillis = 5000

/** Of more keys, the one that came first begins anew. */
const maxKeys = 10_000

/** How many permits to take ahead: more each time they ran out, and as many as were spent where they did not. */
export class Pace {
  readonly #beats = new Map<KeyId, Beat>()

  /** For a charge that goes to the store now. */
  ahead(id: KeyId, cost: number, now: number): number {
    if (cost === 0) return 0
    const beat = this.#beats.get(id)
    if (beat === undefined) {
      if (this.#beats.size >= maxKeys) this.#beats.delete(this.#beats.keys().next().value as KeyId)
      this.#beats.set(id, { asked: now, ahead: 0 })
      return 0
    }
    const often = now - beat.asked < oftenMillis
    beat.asked = now
    beat.ahead = often ? Math.min(most, Math.max(least, 2 * beat.ahead)) : 0
    return beat.ahead
  }

  /** So many of the permits of a lease were not spent. */
  left(id: KeyId, left: number): void {
    const beat = this.#beats.get(id)
    if (beat !== undefined && left > 0) beat.ahead = Math.max(0, Math.ceil((beat.ahead - left) / 2))
  }

  sweep(now: number): void {
    for (const [id, { asked }] of this.#beats) if (now - asked > forgottenMillis) this.#beats.delete(id)
  }
}
