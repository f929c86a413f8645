import type { KeyStatus } from "../domain/ApiKey.js"
import type { StoreError } from "../domain/Errors.js"
import type { AcceptForeignKeys } from "../domain/ForeignKeys.js"
import type { Metadata } from "../domain/Metadata.js"
import type { RateLimit, RateLimitAlgorithm } from "../domain/RateLimit.js"
import type { RateLimitStatus } from "../domain/RateLimitStatus.js"
import type { RateLimitWindow } from "../domain/RateLimitWindow.js"
import type { Timespan } from "../domain/Timespan.js"
import type { Store } from "../ports/Store.js"
import type { VerificationOptions } from "../services/VerificationOptions.js"

/**
 * A schema of `effect`'s `Schema` module that checks metadata and gives it its type `M`.
 *
 * @since 0.1.0
 */
export interface MetadataSchema<M> {
  readonly Type: M
  readonly Context: never
  readonly ast: object
}

/**
 * How a client is opened.
 *
 * @since 0.1.0
 */
export interface ApiKeyClientOptions<M = Metadata> extends VerificationOptions {
  /** Where everything is kept: `SqliteStore.layer({ filename })`, for instance. */
  readonly store: Store
  /**
   * The HMAC key of every digest: at least 32 characters, 16 of them different (8 where all are hexadecimal digits), such as
   * `openssl rand -hex 32` prints. The client keeps no text of it.
   */
  readonly signingSecret: string | undefined
  /**
   * Further signing secrets under which keys are accepted: those that were current before, and, while a deploy rolls,
   * the one that will be next. A key found by one of them gets a digest under `signingSecret` at its next use.
   */
  readonly previousSigningSecrets?: ReadonlyArray<string> | undefined
  /** What keys begin with: 1 to 32 of `a-z 0-9 _`. Default `sk`. */
  readonly keyPrefix?: string | undefined
  /** `live` or `test`, for instance: 1 to 16 of `a-z 0-9`. Keys of another environment are refused. Default none. */
  readonly environment?: string | undefined
  /** Further heads (`prefix`, or `prefix_environment`) to accept, so that changing a prefix kills no key. */
  readonly acceptedHeads?: ReadonlyArray<string> | undefined
  /**
   * How long after its creation a key may expire at most: whole seconds, or a text such as `"90 days"`. Then every key
   * needs an expiry: to create or update one beyond it, or without, fails. Default none.
   */
  readonly maxKeyLifetime?: Timespan | undefined
  /** How long old secrets of a rotated key may go on working at most. Default `"90 days"`. */
  readonly maxOverlap?: Timespan | undefined
  /** Forms of imported keys to accept as well, or a predicate on their text. Default none. */
  readonly acceptForeignKeys?: AcceptForeignKeys | undefined
  /** Checks the metadata of keys, and types it. */
  readonly metadataSchema?: MetadataSchema<M> | undefined
}

/** The top-level tenant: everything else belongs to exactly one. */
export interface OrganizationData {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
}

/** Groups keys inside an organization. */
export interface ProjectData extends OrganizationData {
  readonly organizationId: string
}

/** A named API surface of an organization; linked to projects, many to many. */
export interface ProductData extends ProjectData {}

/**
 * A key as it is kept: everything but its plaintext, which nobody keeps.
 *
 * @since 0.1.0
 */
export interface KeyData<M = Metadata> {
  readonly id: string
  readonly organizationId: string
  /** The project that the key is narrowed to, if any. */
  readonly projectId: string | null
  /** The product that the key is narrowed to, if any. */
  readonly productId: string | null
  readonly name: string | null
  /** The head and four characters, for people to tell keys apart: `myapp_live_AbCd…`. */
  readonly hint: string
  /** At the time of the answer. */
  readonly status: KeyStatus
  readonly scopes: ReadonlyArray<string>
  readonly rateLimits: ReadonlyArray<RateLimit>
  readonly metadata: M
  /** The first moment at which the key no longer verifies. */
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly revokedReason: string | null
  /** Since when it is disabled; `null` while it is not. */
  readonly disabledAt: Date | null
  readonly disabledReason: string | null
  /** How many calls verified it. */
  readonly useCount: number
  readonly lastUsedAt: Date | null
  readonly createdAt: Date
  /** When its record was last changed; use does not count. */
  readonly updatedAt: Date
}

/** A rate limit as a caller gives it. */
export interface RateLimitOptions {
  /** 1 to 64 of `A-Z a-z 0-9 _ . -`, distinct among the limits of a key. Default `default`. */
  readonly name?: string | undefined
  /** 1 to 10^15 − 1. */
  readonly requests: number
  /** A named window, or whole seconds. */
  readonly window: RateLimitWindow
  /** Default `fixed-window`. */
  readonly algorithm?: RateLimitAlgorithm | undefined
  /** What a token bucket holds at most. Default `requests`. */
  readonly burst?: number | null | undefined
}

/** Fields of a key to change: those left out stay, `null` clears. */
export interface UpdateKeyOptions<M = Metadata> {
  /** For people: trimmed, 1 to 255 code points, without control characters. */
  readonly name?: string | null | undefined
  /** At most 100; none grant nothing. A `*` stands alone or as the last segment. */
  readonly scopes?: ReadonlyArray<string> | null | undefined
  /** At most 16; none limit nothing. */
  readonly rateLimits?: ReadonlyArray<RateLimitOptions> | null | undefined
  /** The first moment at which the key no longer verifies; `null` for never. */
  readonly expiresAt?: Date | null | undefined
  /** A JSON object of at most 16 KiB, 1,024 values and depth 16; replaced whole. */
  readonly metadata?: M | null | undefined
}

/** What a new key is made of; an expiry must lie in the future. */
export interface CreateKeyOptions<M = Metadata> extends UpdateKeyOptions<M> {
  readonly organizationId: string
  /** Narrows the key to a project of the organization. */
  readonly projectId?: string | null
  /** Narrows the key to a product of the organization; linked to the project where both are given. */
  readonly productId?: string | null
}

/** A new key. This is the one time at which its plaintext is told. */
export interface CreatedKeyData<M = Metadata> {
  readonly key: KeyData<M>
  readonly plaintext: string
}

/** The key that an earlier call under the same idempotency key created. Its plaintext was told then. */
export interface ReplayedKeyData<M = Metadata> {
  readonly key: KeyData<M>
  readonly plaintext: null
}

/** How a key is rotated. */
export interface RotateKeyOptions {
  /**
   * How long old secrets of the key go on working: whole seconds, or a text such as `"24 hours"`; never longer than
   * the key, nor than `maxOverlap`. One that an earlier rotation left ends then at the latest, and is not prolonged; of
   * more than 4 secrets at once the oldest stops. Default 0: they stop at once.
   */
  readonly overlap?: Timespan | undefined
}

/** A key with a new secret. This is the one time at which its plaintext is told. */
export interface RotatedKeyData<M = Metadata> extends CreatedKeyData<M> {
  /** When the last old secret stops working; `null` where none works any more. */
  readonly supersededUntil: Date | null
}

/** A key that proved itself, and each of its limits as the call left it. */
export interface VerifiedKeyData<M = Metadata> {
  readonly key: KeyData<M>
  readonly limits: ReadonlyArray<RateLimitStatus>
  /** When a rotation superseded the secret that was presented; `null` where it is the key's current one. */
  readonly supersededAt: Date | null
  /** The first moment at which that secret no longer verifies; `null` where it is the key's current one. */
  readonly supersededUntil: Date | null
}

/** Which keys to delete for good: at least one of the times has to be given, and neither may be in the future. */
export interface PruneKeysOptions {
  /** Of this organization alone. Default all; `undefined`, such as a setting that is missing, is refused. */
  readonly organizationId?: string | null
  /** Keys that were revoked before this time. */
  readonly revokedBefore?: Date | undefined
  /** Keys that expired before this time; revoked ones stay, unless `revokedBefore` takes them. */
  readonly expiredBefore?: Date | undefined
}

/** Which keys to list: every field given must match. `null` matches all; an owner that is `undefined` is refused. */
export interface KeyFilterOptions {
  readonly organizationId?: string | null
  readonly projectId?: string | null
  readonly productId?: string | null
  /** Default `all`. */
  readonly status?: KeyStatus | "all" | undefined
  /** Keys not used since this time, those never used included. */
  readonly lastUsedBefore?: Date | undefined
  /** Keys that expire, or expired, before this time. */
  readonly expiresBefore?: Date | undefined
}

/** Whether the store answers, and how fast. */
export interface HealthData {
  readonly healthy: boolean
  readonly latencyMillis: number
  /** Why it is not healthy; `null` where it is. */
  readonly error: StoreError | null
}
