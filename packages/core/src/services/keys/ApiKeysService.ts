import type { Duration, Effect, Redacted, Stream } from "effect"
import type { ApiKeyOf, KeyStatus } from "../../domain/ApiKey.js"
import type {
  IdempotencyConflictError,
  InvalidInputError,
  KeyConflictError,
  NotFoundError,
  RevokedKeyError,
  StoreError
} from "../../domain/Errors.js"
import type { Instant } from "../../domain/Instant.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { Page } from "../../domain/Page.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"
import type { SigningSecretReport } from "../../domain/SigningSecret.js"
import type { Timespan } from "../../domain/Timespan.js"
import type { PageInput } from "../tenants/TenantInput.js"
import type { ImportedKey, ImportKeyInput, ImportKeyOptions, ImportProgress, RefusedImport } from "./ImportKeys.js"
import type { Changeable, CreateKeyInput, InstantInput } from "./KeyInput.js"

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
   * longer than the key, nor than `maxOverlap`. One that an earlier rotation left ends then at the latest, and is not
   * prolonged; of more than 4 secrets at once the oldest stops. Default 0: they stop at once.
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
  /** Of this organization alone. Default all; `undefined`, such as a setting that is missing, is refused. */
  readonly organizationId?: string | null
  /** Keys that were revoked before this time. */
  readonly revokedBefore?: InstantInput | undefined
  /** Keys that expired before this time; revoked ones stay, unless `revokedBefore` takes them. */
  readonly expiredBefore?: InstantInput | undefined
}

/** Whose keys: every field given must match. `null` matches all; `undefined`, such as a setting that is missing, is refused. */
export interface KeyOwnerInput {
  readonly organizationId?: string | null
  readonly projectId?: string | null
  readonly productId?: string | null
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

/**
 * How many keys are imported.
 *
 * @since 0.1.0
 */
export interface ImportKeysEffects<E = never, R = never> extends ImportKeyOptions {
  /** How many keys a transaction inserts: 1 to 4096. Default 512. */
  readonly batchSize?: number | undefined
  /**
   * How many keys may be refused: with one more, the import ends with an `InvalidInputError`, after the callbacks were
   * called for what came before. The batches before stay imported. Default: any number.
   */
  readonly maxRefused?: number | undefined
  /** Is told of each key that is refused, in their order; the import waits for it. */
  readonly onRefused?: ((refused: RefusedImport) => Effect.Effect<unknown, E, R>) | undefined
  /** Is told after each transaction how far the import is; the import waits for it. */
  readonly onProgress?: ((progress: ImportProgress) => Effect.Effect<unknown, E, R>) | undefined
}

export type * from "./KeyInput.js"

type Fails = InvalidInputError | StoreError
type FailsOrAbsent = NotFoundError | Fails

/** What `ApiKeys` do, over metadata of type `M`. */
export interface ApiKeysService<M = Metadata> {
  /**
   * Issues a key. Under an `idempotencyKey` a retried call makes no second key: it returns the record of the
   * first, without plaintext. Under one that was used with other input it fails with `IdempotencyConflictError`.
   */
  readonly createKey: {
    (input: CreateKeyInput<M> & { readonly idempotencyKey?: undefined }): Effect.Effect<CreatedKey<M>, FailsOrAbsent>
    (
      input: CreateKeyInput<M> & Idempotent
    ): Effect.Effect<CreatedKey<M> | ReplayedKey<M>, IdempotencyConflictError | FailsOrAbsent>
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
  /**
   * Revokes all keys of an owner that are not revoked yet, and returns how many these were. The first step, which takes as long for
   * a million keys as for one, revokes all of them in every process; then their rows are written, in batches. A call that fails
   * later has revoked them: one more finishes it, and counts those that were left.
   */
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
  /**
   * Takes over a key that was issued elsewhere, without issuing it anew. Importing it once more finds it, and writes
   * nothing. To be verified, its plaintext must be of a form that the client accepts: see `acceptForeignKeys`.
   */
  readonly importKey: (
    input: ImportKeyInput<M>,
    options?: ImportKeyOptions
  ) => Effect.Effect<ImportedKey<M>, KeyConflictError | FailsOrAbsent>
  /**
   * Imports as many keys as there are, in bounded memory: a transaction for each batch of them. What is refused
   * stops none of the others. An import that failed half way may be run again from its beginning.
   */
  readonly importKeys: <E = never, R = never, E2 = never, R2 = never>(
    inputs: Stream.Stream<ImportKeyInput<M>, E, R>,
    options?: ImportKeysEffects<E2, R2>
  ) => Effect.Effect<ImportProgress, E | E2 | Fails, R | R2>
  /** Masks every key in a text, such as a log line; what is left of each is its hint. */
  readonly redact: (text: string) => string
  /** Never fails: a store that does not answer is what it tells. */
  readonly health: Effect.Effect<Health>
  /** The regular expression (without flags; of RE2 too) by which a secret scanner finds keys of this deployment. */
  readonly keyPattern: string
}
