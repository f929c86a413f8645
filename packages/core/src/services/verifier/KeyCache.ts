import type { KeyId, OrganizationId } from "../../domain/Ids.js"
import type { Change } from "../../ports/KeyChanges.js"
import type { KeyRecord } from "./KeyRecord.js"
import { bytesOfRecord } from "./recordBytes.js"

/** How much is remembered, and for how long. Times are milliseconds of a monotonic clock. */
export interface KeyCacheBounds {
  /** How many keys. */
  readonly capacity: number
  /** How much memory they take, about. */
  readonly maxBytes: number
  readonly ttl: number
  /** How long it is remembered that a key is unknown. */
  readonly negativeTtl: number
}

/** Unknown keys have a bound of their own: whoever makes them up evicts no key that is good. */
const maxUnknown = 1000

/** So many of the last changes are known; who began before these takes everything for changed. */
const maxChanges = 1024

/** A moment between two changes. */
export type ChangeMark = number

/** What is known of a plaintext, by its fingerprint. */
export class CachedKey {
  readonly fingerprint: string
  readonly record: KeyRecord
  readonly expiresAt: number
  /** How much memory it takes, about. */
  readonly bytes: number
  /** Whether it was asked for since eviction last came by. */
  wanted = false
  /** Another plaintext of the same key. */
  next: CachedKey | null = null

  constructor(fingerprint: string, record: KeyRecord, expiresAt: number) {
    this.fingerprint = fingerprint
    this.record = record
    this.expiresAt = expiresAt
    this.bytes = bytesOfRecord(record)
  }
}

/** A look-up that may end in the cache. */
export interface Fill {
  /** Keys and organizations that changed since it began. */
  readonly changed: Set<KeyId | OrganizationId>
  /** Whether anything may have changed. */
  outdated: boolean
  /** Whether keys were added, so that what it did not find may be there. */
  superseded: boolean
}

/** What was found unknown; what is not remembered at all is `undefined`. */
export const unknownKey = Symbol("unknown")

/**
 * Keys by the fingerprints of their plaintexts. Pure but for its maps: time comes in as a value.
 *
 * Look-ups that are under way are told of every change, so that one which began before a change was applied never
 * leaves behind what it read.
 */
export class KeyCache {
  readonly #bounds: KeyCacheBounds
  readonly #known = new Map<string, CachedKey>()
  readonly #byId = new Map<KeyId, CachedKey>()
  /** Until when a fingerprint is unknown. */
  readonly #unknown = new Map<string, number>()
  readonly #fills = new Set<Fill>()
  #bytes = 0
  /** What changed last, each at the place of its number. */
  readonly #changed: Array<KeyId | OrganizationId> = []
  #changes: ChangeMark = 0

  constructor(bounds: KeyCacheBounds) {
    this.#bounds = bounds
  }

  /** How many plaintexts of keys are remembered. */
  get size(): number {
    return this.#known.size
  }

  /** How much memory they take, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many unknown plaintexts are. */
  get unknownSize(): number {
    return this.#unknown.size
  }

  get(fingerprint: string, now: number): CachedKey | typeof unknownKey | undefined {
    const found = this.#known.get(fingerprint)
    if (found !== undefined) {
      if (found.expiresAt > now) {
        found.wanted = true
        return found
      }
      this.#forget(found)
      return undefined
    }
    if (this.#unknown.size === 0) return undefined
    const until = this.#unknown.get(fingerprint)
    if (until === undefined) return undefined
    if (until > now) return unknownKey
    this.#unknown.delete(fingerprint)
    return undefined
  }

  /** What is remembered of a key, under whichever of its plaintexts. */
  recordsOf(id: KeyId): ReadonlyArray<KeyRecord> {
    const records: Array<KeyRecord> = []
    for (let each = this.#byId.get(id) ?? null; each !== null; each = each.next) records.push(each.record)
    return records
  }

  /** To be taken before something is decided that may take a while. */
  get mark(): ChangeMark {
    return this.#changes
  }

  /** Whether something that may concern a key was changed since. */
  hasChanged({ id, organizationId }: KeyRecord, since: ChangeMark): boolean {
    if (this.#changes - since > maxChanges) return true
    for (let each = since; each < this.#changes; each++) {
      const changed = this.#changed[each % maxChanges]
      if (changed === id || changed === organizationId) return true
    }
    return false
  }

  /** To be called before the store is asked. */
  begin(): Fill {
    const fill: Fill = { changed: new Set(), outdated: false, superseded: false }
    this.#fills.add(fill)
    return fill
  }

  /** A fill that came to nothing. */
  abandon(fill: Fill): void {
    this.#fills.delete(fill)
  }

  /** Remembers what a fill found, unless it has changed meanwhile. */
  complete(fill: Fill, fingerprint: string, record: KeyRecord, now: number): void {
    this.#fills.delete(fill)
    if (fill.outdated || fill.changed.has(record.id) || fill.changed.has(record.organizationId)) return
    const before = this.#known.get(fingerprint)
    if (before !== undefined) this.#forget(before)
    this.#unknown.delete(fingerprint)
    const entry = new CachedKey(fingerprint, record, now + this.#bounds.ttl)
    if (!this.#makeRoom(entry.bytes)) return
    entry.next = this.#byId.get(record.id) ?? null
    this.#known.set(fingerprint, entry)
    this.#byId.set(record.id, entry)
    this.#bytes += entry.bytes
  }

  /** Remembers for a moment that a fill found nothing, unless keys were added or changed meanwhile. */
  completeUnknown(fill: Fill, fingerprint: string, now: number): void {
    this.#fills.delete(fill)
    if (fill.outdated || fill.superseded || fill.changed.size > 0 || this.#bounds.negativeTtl <= 0) return
    this.#unknown.delete(fingerprint)
    if (this.#unknown.size >= maxUnknown) this.#unknown.delete(this.#unknown.keys().next().value as string)
    this.#unknown.set(fingerprint, now + this.#bounds.negativeTtl)
  }

  /** Forgets what a change may have altered. */
  apply(change: Change): void {
    if (change._tag === "Tenants") return
    this.#changed[this.#changes++ % maxChanges] = change.id
    for (const fill of this.#fills) fill.changed.add(change.id)
    if (change._tag === "Key") {
      for (let each = this.#byId.get(change.id) ?? null; each !== null; each = each.next) {
        this.#known.delete(each.fingerprint)
        this.#bytes -= each.bytes
      }
      this.#byId.delete(change.id)
      return
    }
    for (const entry of this.#known.values()) if (entry.record.organizationId === change.id) this.#forget(entry)
  }

  /** Keys were added: of what was unknown, some may be known by now. */
  forgetUnknown(): void {
    this.#unknown.clear()
    for (const fill of this.#fills) fill.superseded = true
  }

  /** Anything may have changed. */
  clear(): void {
    this.#known.clear()
    this.#byId.clear()
    this.#bytes = 0
    this.#unknown.clear()
    this.#changes += maxChanges + 1
    for (const fill of this.#fills) fill.outdated = true
  }

  /** Whether there is room for one of so many bytes, once others are gone. */
  #makeRoom(bytes: number): boolean {
    const { capacity, maxBytes } = this.#bounds
    if (bytes > maxBytes) return false
    while (this.#known.size >= capacity || this.#bytes + bytes > maxBytes) this.#evict()
    return true
  }

  /** The oldest goes; what was asked for since gets a second chance, up to so many in a row. */
  #evict(): void {
    let chances = 16
    for (const entry of this.#known.values()) {
      if (!entry.wanted || chances-- === 0) {
        this.#forget(entry)
        return
      }
      entry.wanted = false
      this.#known.delete(entry.fingerprint)
      this.#known.set(entry.fingerprint, entry)
    }
  }

  #forget(entry: CachedKey): void {
    this.#known.delete(entry.fingerprint)
    this.#bytes -= entry.bytes
    const first = this.#byId.get(entry.record.id)
    if (first === entry) {
      if (entry.next === null) this.#byId.delete(entry.record.id)
      else this.#byId.set(entry.record.id, entry.next)
      return
    }
    for (let each = first ?? null; each !== null; each = each.next) {
      if (each.next === entry) {
        each.next = entry.next
        return
      }
    }
  }
}
