import { DateTime } from "effect"
import type { ApiKey } from "../../domain/ApiKey.js"
import type { KeyId } from "../../domain/Ids.js"
import type { Usage, UsageTotal } from "../../ports/UsageStore.js"

/** The uses of one key that this process has counted. */
interface Tally {
  /** Not yet given to the store. */
  pending: number
  /** Given to the store, which has not answered yet. */
  flushing: number
  lastUsedAt: number
  /** What the store had when it answered last. */
  stored: number
  /** Whether the store had all of them at the last sweep. */
  idle: boolean
}

/**
 * Uses by key, from when they are counted until the store has them, and a little longer, so that a read which began
 * before then does not show fewer. Pure but for its map.
 */
export class UsageTallies {
  readonly #tallies = new Map<KeyId, Tally>()
  #unflushed = 0
  #dirty = 0

  /** How many uses the store does not have. */
  get unflushed(): number {
    return this.#unflushed
  }

  /** How many keys have uses that wait to be given to the store. */
  get dirty(): number {
    return this.#dirty
  }

  /** Whether a key has uses that wait already: one more takes no room. */
  isDirty(id: KeyId): boolean {
    return (this.#tallies.get(id)?.pending ?? 0) > 0
  }

  count(id: KeyId, at: number): void {
    this.#unflushed++
    const tally = this.#tallies.get(id)
    if (tally === undefined) {
      this.#dirty++
      this.#tallies.set(id, { pending: 1, flushing: 0, lastUsedAt: at, stored: 0, idle: false })
      return
    }
    if (tally.pending === 0) this.#dirty++
    tally.pending++
    if (at > tally.lastUsedAt) tally.lastUsedAt = at
  }

  /** Forgets what has been in the store since the last time. To be called before a round of batches is taken. */
  sweep(): void {
    for (const [id, tally] of this.#tallies) {
      if (tally.pending > 0 || tally.flushing > 0) continue
      if (tally.idle) this.#tallies.delete(id)
      else tally.idle = true
    }
  }

  /** The next batch, in the order of ids: so many keys at most, and none of some. */
  take(size: number, except: ReadonlySet<KeyId>): ReadonlyArray<Usage> {
    const ids: Array<KeyId> = []
    for (const [id, { pending }] of this.#tallies) if (pending > 0 && !except.has(id)) ids.push(id)
    ids.sort()
    return ids.slice(0, size).map((keyId) => {
      const tally = this.#tallies.get(keyId) as Tally
      tally.flushing = tally.pending
      tally.pending = 0
      tally.idle = false
      this.#dirty--
      return { keyId, count: tally.flushing, lastUsedAt: DateTime.unsafeMake(tally.lastUsedAt) }
    })
  }

  /** The store has a batch, but for the uses of keys that it left out, which wait once more. */
  settle(uses: ReadonlyArray<Usage>, totals: ReadonlyMap<KeyId, UsageTotal>, left: ReadonlySet<KeyId>): void {
    for (const { count, keyId } of uses) {
      const tally = this.#tallies.get(keyId)
      if (!left.has(keyId)) this.#unflushed -= count
      if (tally === undefined) continue
      tally.flushing = 0
      const total = totals.get(keyId)
      if (left.has(keyId)) {
        if (tally.pending === 0) this.#dirty++
        tally.pending += count
      }
      if (total === undefined) continue
      tally.stored = Math.max(tally.stored, total.useCount)
      // The store knows better, whose clock is the one that counts.
      if (tally.pending === 0) tally.lastUsedAt = total.lastUsedAt.epochMillis
    }
  }

  /** The key with the uses that the store had not when it was read. */
  include(key: ApiKey): ApiKey {
    const tally = this.#tallies.get(key.id)
    if (tally === undefined) return key
    const { flushing, lastUsedAt, pending, stored } = tally
    const read = Math.max(key.useCount, stored)
    // A batch that is under way may have been read already.
    const base = flushing > 0 && read < stored + flushing ? read + flushing : read
    const useCount = base + pending
    const last = key.lastUsedAt === null ? lastUsedAt : Math.max(key.lastUsedAt.epochMillis, lastUsedAt)
    return Object.assign(Object.create(Object.getPrototypeOf(key)), key, {
      useCount,
      lastUsedAt: DateTime.unsafeMake(last)
    })
  }
}
