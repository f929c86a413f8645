import { type ApiKey, storedKey } from "../../domain/ApiKey.js"
import type { KeyId, OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"
import { type Instant, instantOf } from "../../domain/Instant.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { RateLimit } from "../../domain/RateLimit.js"
import type { SecretTimes } from "../../domain/Rotation.js"
import type { Scope } from "../../domain/Scope.js"
import type { Digest } from "../../ports/KeyHasher.js"

/**
 * A key as this process remembers it: times as milliseconds, and parts that many keys have in common but once. What
 * callers get is made of it anew each time, so that no change of theirs reaches it.
 */
export class KeyRecord {
  readonly id: KeyId
  readonly organizationId: OrganizationId
  readonly projectId: ProjectId | null
  readonly productId: ProductId | null
  readonly name: string | null
  readonly hint: string
  readonly scopes: ReadonlyArray<Scope>
  readonly rateLimits: ReadonlyArray<RateLimit>
  readonly metadata: Metadata
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly disabledAt: number | null
  /** When a rotation superseded the secret that was presented; `null` where it is the current one. */
  readonly supersededAt: number | null
  /** The first moment at which that secret is no longer one of the key's. */
  readonly validUntil: number | null
  readonly createdAt: number
  readonly updatedAt: number
  /** As this process knows it. */
  useCount: number
  lastUsedAt: number | null
  /** The digest that is stored, and the one to put in its place at the next use; `null` where it is as it should be. */
  redigest: Redigest | null = null

  constructor(key: ApiKey, secret: SecretTimes, share: Shared) {
    this.id = key.id
    this.organizationId = share.text(key.organizationId)
    this.projectId = key.projectId === null ? null : share.text(key.projectId)
    this.productId = key.productId === null ? null : share.text(key.productId)
    this.name = key.name
    this.hint = key.hint
    this.scopes = share.value(key.scopes)
    this.rateLimits = share.value(key.rateLimits)
    this.metadata = freezeJson(key.metadata)
    this.expiresAt = millis(key.expiresAt)
    this.revokedAt = millis(key.revokedAt)
    this.disabledAt = millis(key.disabledAt)
    this.supersededAt = millis(secret.supersededAt)
    this.validUntil = millis(secret.validUntil)
    this.createdAt = key.createdAt.epochMillis
    this.updatedAt = key.updatedAt.epochMillis === this.createdAt ? this.createdAt : key.updatedAt.epochMillis
    this.useCount = key.useCount
    this.lastUsedAt = millis(key.lastUsedAt)
  }

  /** The first moment at which that secret no longer verifies; the key may expire before. */
  get supersededUntil(): number | null {
    const { expiresAt, validUntil } = this
    return validUntil === null || expiresAt === null ? validUntil : Math.min(validUntil, expiresAt)
  }
}

/** One digest to be put in the place of another of the same plaintext. */
export interface Redigest {
  readonly from: Uint8Array
  readonly to: Digest
}

/** Keeps one of each part that keys have in common. */
export interface Shared {
  readonly text: <A extends string>(text: A) => A
  /** Of JSON; frozen throughout. */
  readonly value: <A extends ReadonlyArray<unknown>>(value: A) => A
}

/** Nothing is worth sharing of a record that is forgotten at once. */
export const unshared: Shared = { text: (text) => text, value: (value) => freezeJson(value) }

/** Beyond so many parts, deployments where each key is different would only pay for it. */
const maxParts = 10_000

/** And beyond so much text of theirs, in characters. */
const maxText = 4 * 1024 * 1024

export const makeShared = (): Shared => {
  const texts = new Map<string, string>()
  const values = new Map<string, ReadonlyArray<unknown>>()
  let text = 0
  const keep = <A>(kept: Map<string, A>, name: string, make: () => A): A => {
    const known = kept.get(name)
    if (known !== undefined) return known
    text += name.length
    if (kept.size >= maxParts || text > maxText) {
      for (const all of [texts, values]) all.clear()
      text = name.length
    }
    const made = make()
    kept.set(name, made)
    return made
  }
  return {
    text: <A extends string>(text: A) => keep(texts, text, () => text) as A,
    value: <A extends ReadonlyArray<unknown>>(value: A) =>
      keep(values, JSON.stringify(value), () => freezeJson(value)) as A
  }
}

/** What a store read is nobody else's, so it is frozen as it is. */
const freezeJson = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) freezeJson(member)
  return Object.freeze(value)
}

const millis = (instant: Instant | null): number | null => (instant === null ? null : instant.epochMillis)

export const instantOrNull = (millis: number | null): Instant | null => (millis === null ? null : instantOf(millis))

/** The key of a record, which is the caller's own. */
export const entityOf = (record: KeyRecord, metadata: Metadata, useCount: number, lastUsedAt: number | null): ApiKey =>
  storedKey({
    id: record.id,
    organizationId: record.organizationId,
    projectId: record.projectId,
    productId: record.productId,
    name: record.name,
    hint: record.hint,
    scopes: record.scopes,
    rateLimits: record.rateLimits,
    metadata,
    expiresAt: instantOrNull(record.expiresAt),
    // It verified, so it is active.
    revokedAt: null,
    revokedReason: null,
    disabledAt: null,
    disabledReason: null,
    useCount,
    lastUsedAt: instantOrNull(lastUsedAt),
    createdAt: instantOf(record.createdAt),
    updatedAt: instantOf(record.updatedAt)
  })
