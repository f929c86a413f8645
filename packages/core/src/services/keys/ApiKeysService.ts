import type { Duration, Effect, Redacted, Stream } from "effect"
import type { ApiKeyOf, KeyStatus } from "../../domain/ApiKey.js"
import type { InvalidInputError, NotFoundError, RevokedKeyError, StoreError } from "../../domain/Errors.js"
import type { Instant } from "../../domain/Instant.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { Page } from "../../domain/Page.js"
import type { RateLimitAlgorithm } from "../../domain/RateLimit.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"
import type { RateLimitWindow } from "../../domain/RateLimitWindow.js"
import type { SigningSecretReport } from "../../domain/SigningSecret.js"
import type { Timespan } from "../../domain/Timespan.js"
import type { PageInput } from "../tenants/TenantInput.js"

/** A point in time as a caller gives it: between 1970 and 9999, to the millisecond. */
export type InstantInput = Instant | Date

/**
 * A rate limit as a caller gives it.
 *
 * @since 0.1.0
 */
export interface RateLimitInput {
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

/** Fields that are given at creation and may be changed later. */
interface Changeable<M> {
  /** For people: trimmed, 1 to 255 code points. */
  readonly name?: string | null | undefined
  /** At most 100; none grant nothing. */
  readonly scopes?: ReadonlyArray<string> | null | undefined
  /** At most 16; none limit nothing. */
  readonly rateLimits?: ReadonlyArray<RateLimitInput> | null | undefined
  /** The first moment at which the key no longer verifies; `null` for never. */
  readonly expiresAt?: InstantInput | null | undefined
  /** A JSON object of at most 16 KiB and depth 16; replaced whole. */
  readonly metadata?: M | null | undefined
}

/**
 * What a new key is made of.
 *
 * @since 0.1.0
 */
export interface CreateKeyInput<M = Metadata> extends Changeable<M> {
  readonly organizationId: string
  /** Narrows the key to a project of the organization. */
  readonly projectId?: string | null | undefined
  /** Narrows the key to a product of the organization; linked to the project where both are given. */
  readonly productId?: string | null | undefined
  /** In the future. */
  readonly expiresAt?: InstantInput | null | undefined
}

/**
 * Fields of a key to change: those left out stay, `null` clears.
 *
 * @since 0.1.0
 */
export interface UpdateKeyInput<M = Metadata> extends Changeable<M> {}

/** What retries share: 1 to 255 code points, of an organization. */
export interface Idempotent {
  readonly idempotencyKey: string
}

/**
 * A new key. This is the one time at which its plaintext is told.
 *
 * @since 0.1.0
 */
export interface CreatedKey<M = Metadata> {
  readonly key: ApiKeyOf<M>
  readonly plaintext: Redacted.Redacted<string>
}

/**
 * The key that an earlier call under the same idempotency key created. Its plaintext was told then.
 *
 * @since 0.1.0
 */
export interface ReplayedKey<M = Metadata> {
  readonly key: ApiKeyOf<M>
  readonly plaintext: null
}

/**
 * How a key is rotated.
 *
 * @since 0.1.0
 */
export interface RotateKeyInput {
  /**
   * How long old secrets of the key go on working: whole seconds, a text such as `"24 hours"`, or a `Duration`; never
   * longer than the key. One that an earlier rotation left ends then at the latest, and is not prolonged. Default 0:
   * they stop at once.
   */
  readonly overlap?: Timespan | Duration.Duration | undefined
}

/**
 * A key with a new secret. This is the one time at which its plaintext is told.
 *
 * @since 0.1.0
 */
export interface RotatedKey<M = Metadata> extends CreatedKey<M> {
  /** When the last old secret stops working; `null` where none works any more. */
  readonly supersededUntil: Instant | null
}

/**
 * Which keys to delete for good: at least one of the times has to be given, and neither may be in the future.
 *
 * @since 0.1.0
 */
export interface PruneKeysInput {
  /** Of this organization alone. Default all. */
  readonly organizationId?: string | undefined
  /** Keys that were revoked before this time. */
  readonly revokedBefore?: InstantInput | undefined
  /** Keys that expired before this time; revoked ones stay, unless `revokedBefore` takes them. */
  readonly expiredBefore?: InstantInput | undefined
}

/** Whose keys: every field given must match. */
export interface KeyOwnerInput {
  readonly organizationId?: string | undefined
  readonly projectId?: string | undefined
  readonly productId?: string | undefined
}

/**
 * Which keys to list: every field given must match. `projectId` means the keys that are narrowed to it.
 *
 * @since 0.1.0
 */
export interface KeyFilterInput extends KeyOwnerInput {
  /** Default `all`. */
  readonly status?: KeyStatus | "all" | undefined
  /** Keys not used since this time, those never used included. */
  readonly lastUsedBefore?: InstantInput | undefined
  /** Keys that expire, or expired, before this time. */
  readonly expiresBefore?: InstantInput | undefined
}

/**
 * Whether the store answers, and how fast.
 *
 * @since 0.1.0
 */
export interface Health {
  readonly healthy: boolean
  /** Of the round trip, or until it failed. */
  readonly latencyMillis: number
  /** Why it is not healthy; `null` where it is. */
  readonly error: StoreError | null
}

type Fails = InvalidInputError | StoreError
type FailsOrAbsent = NotFoundError | Fails

/** What `ApiKeys` do, over metadata of type `M`. */
export interface ApiKeysService<M = Metadata> {
  /**
   * Issues a key. Under an `idempotencyKey` a retried call makes no second key: it returns the record of the
   * first, without plaintext.
   */
  readonly createKey: {
    (input: CreateKeyInput<M> & { readonly idempotencyKey?: undefined }): Effect.Effect<CreatedKey<M>, FailsOrAbsent>
    (input: CreateKeyInput<M> & Idempotent): Effect.Effect<CreatedKey<M> | ReplayedKey<M>, FailsOrAbsent>
  }
  readonly getKey: (id: string) => Effect.Effect<ApiKeyOf<M>, FailsOrAbsent>
  /** Newest first. A page never repeats or loses a key that existed and matched throughout. */
  readonly listKeys: (input?: KeyFilterInput & PageInput) => Effect.Effect<Page<ApiKeyOf<M>>, FailsOrAbsent>
  /** All pages of {@link listKeys}, one key at a time; `limit` is the size of the pages that are read. */
  readonly allKeys: (input?: KeyFilterInput & Pick<PageInput, "limit">) => Stream.Stream<ApiKeyOf<M>, FailsOrAbsent>
  /** Changes the given fields of a key, of any status. Makes no new plaintext. */
  readonly updateKey: (id: string, changes: UpdateKeyInput<M>) => Effect.Effect<ApiKeyOf<M>, FailsOrAbsent>
  /** Revokes a key and keeps its record; of a revoked key the first time and reason stay. */
  readonly revokeKey: (
    id: string,
    options?: { readonly reason?: string | null | undefined }
  ) => Effect.Effect<ApiKeyOf<M>, FailsOrAbsent>
  /** Revokes all keys of an owner that are not revoked yet, and returns how many these were. */
  readonly revokeKeys: (
    input: KeyOwnerInput & { readonly reason?: string | null | undefined }
  ) => Effect.Effect<number, FailsOrAbsent>
  /** Disables a key until it is enabled again; of a disabled key the first time and reason stay. Of any status. */
  readonly disableKey: (
    id: string,
    options?: { readonly reason?: string | null | undefined }
  ) => Effect.Effect<ApiKeyOf<M>, FailsOrAbsent>
  /** Takes a disabling back; a key that is not disabled stays as it is, a revoked one stays revoked. */
  readonly enableKey: (id: string) => Effect.Effect<ApiKeyOf<M>, FailsOrAbsent>
  /**
   * Gives a key a new plaintext; id, scopes, limits and their state, metadata and history stay. A revoked key fails
   * with `RevokedKeyError`; an expired or disabled one gets its plaintext, and stays what it is.
   */
  readonly rotateKey: (
    id: string,
    options?: RotateKeyInput
  ) => Effect.Effect<RotatedKey<M>, FailsOrAbsent | RevokedKeyError>
  /**
   * Deletes keys that have ended, as {@link deleteKey} does, and returns how many these were. In batches, each in a
   * transaction of its own: one that fails leaves those before it done, and may be called again.
   */
  readonly pruneKeys: (input: PruneKeysInput) => Effect.Effect<number, FailsOrAbsent>
  /** Counts keys by the signing secret that made their digests. Reads every digest: for people, not for requests. */
  readonly signingSecretReport: () => Effect.Effect<SigningSecretReport, StoreError>
  /** Deletes a key, its digests, counters and whatever else refers to it. */
  readonly deleteKey: (id: string) => Effect.Effect<void, FailsOrAbsent>
  /** The state of a key's limits, without charging. */
  readonly getLimits: (id: string) => Effect.Effect<ReadonlyArray<RateLimitStatus>, FailsOrAbsent>
  /** Starts the limits of a key afresh. */
  readonly resetLimits: (id: string) => Effect.Effect<void, FailsOrAbsent>
  /** Never fails: a store that does not answer is what it tells. */
  readonly health: Effect.Effect<Health>
  /** The regular expression (without flags; of RE2 too) by which a secret scanner finds keys of this deployment. */
  readonly keyPattern: string
}
