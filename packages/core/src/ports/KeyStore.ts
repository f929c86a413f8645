import { Context, type Effect, type Option } from "effect"
import type { ApiKey, KeyStatus } from "../domain/ApiKey.js"
import type { NotFoundError, StoreError } from "../domain/Errors.js"
import type { KeyId, OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import type { Metadata } from "../domain/Metadata.js"
import type { PagePosition } from "../domain/Page.js"
import type { RateLimit } from "../domain/RateLimit.js"
import type { Scope } from "../domain/Scope.js"
import type { Digest } from "./KeyHasher.js"
import type { KeyImport, KeyImportOutcome } from "./KeyImport.js"
import type { PageSlice } from "./TenantStore.js"

/** A key to be inserted with its first digest. */
export interface NewKey {
  readonly key: ApiKey
  readonly digest: Digest
  /** Unique within the organization, for as long as the key exists; `null` for none. */
  readonly idempotencyKey: string | null
  /** 32 bytes that stand for the input under the idempotency key, kept with it; `null` where there is none. */
  readonly idempotencyDigest: Uint8Array | null
}

/** What became of an insert. */
export type Insertion =
  | { readonly _tag: "Inserted" }
  /**
   * The organization has a key under this idempotency key already, which this is, with the digest that it was inserted
   * with: `null` where it was inserted without one. Nothing was written.
   */
  | { readonly _tag: "Existing"; readonly key: ApiKey; readonly idempotencyDigest: Uint8Array | null }
  /** Project and product are both of the organization, but not linked; nothing was written. */
  | { readonly _tag: "NotLinked" }

/** A key as it was found by a digest. */
export interface FoundKey {
  readonly key: ApiKey
  /** The digest of the row that was found, as it is stored. */
  readonly digest: Uint8Array
  /** Which signing secret made the digest. */
  readonly secretId: string
  /** When a rotation put another secret in the place of this one; `null` where it is the current one. */
  readonly supersededAt: Instant | null
  /** The end of its overlap, which may be past; `null` where it is the current one. */
  readonly validUntil: Instant | null
}

/** A new secret for a key. */
export interface Rotation {
  readonly digest: Digest
  readonly hint: string
  readonly at: Instant
  /** How long the secrets so far go on working. */
  readonly overlapMillis: number
}

/** What became of a rotation. */
export type RotationOutcome =
  /** The key as it is then, and until when secrets before this one work at most: not at all where that is past. */
  | { readonly _tag: "Rotated"; readonly key: ApiKey; readonly until: Instant }
  /** The key is revoked, which is final; nothing was written. */
  | { readonly _tag: "Revoked"; readonly key: ApiKey }

/** How many digests a signing secret made. */
export interface SecretCount {
  readonly secretId: string
  /** Those of keys' current secrets: as many as keys. */
  readonly current: number
  /** Those of superseded secrets whose overlap has not ended. */
  readonly superseded: number
}

/** What a store knows of signing secrets. */
export interface SecretNames {
  /** 16 bytes or more that were drawn when the store was made, and stay: what fingerprints are salted with. */
  readonly salt: Uint8Array
  /** What earlier versions called secrets that digests are called by still, or may be. */
  readonly former: ReadonlyArray<string>
}

/** A signing secret by its fingerprint, and the id that it gets if it has none. */
export interface SecretName {
  readonly fingerprint: Uint8Array
  readonly id: string
}

/** Which keys to delete for good: those that match one of the two times. `null` matches none. */
export interface Pruning {
  /** Of this organization alone; `null` for all. */
  readonly organizationId: OrganizationId | null
  /** Keys that were revoked before this time. */
  readonly revokedBefore: Instant | null
  /** Keys that expired before this time and are not revoked. */
  readonly expiredBefore: Instant | null
}

/** What one batch of a pruning did. */
export interface PrunedBatch {
  readonly deleted: number
  /** Whether there may be more to delete. */
  readonly more: boolean
}

/** Fields of a key to change; what is left out stays as it is. */
export interface KeyPatch {
  readonly name?: string | null
  readonly scopes?: ReadonlyArray<Scope>
  readonly rateLimits?: ReadonlyArray<RateLimit>
  readonly metadata?: Metadata
  readonly expiresAt?: Instant | null
}

/** Which keys to list or revoke. Every field given must match; `null` matches all. */
export interface KeyOwner {
  readonly organizationId: OrganizationId | null
  readonly projectId: ProjectId | null
  readonly productId: ProductId | null
}

/** Which keys to list. Every field given must match; `null` matches all. */
export interface KeyFilter extends KeyOwner {
  readonly status: KeyStatus | null
  /** Keys not used since this time: those never used included. */
  readonly lastUsedBefore: Instant | null
  /** Keys that expire, or expired, before this time. */
  readonly expiresBefore: Instant | null
  /** The time at which `status` is meant. */
  readonly now: Instant
}

/** Why, and from when on, a key is disabled. */
export interface Disabling {
  readonly at: Instant
  readonly reason: string | null
}

/** Why, and from when on, a key is revoked. */
export interface Revocation {
  readonly at: Instant
  readonly reason: string | null
}

/** A revocation of all keys of an owner that is in force, while what has to be written of each key is not. */
export interface KeyFence {
  /** Those of later fences are higher. */
  readonly number: number
  readonly owner: KeyOwner & { readonly organizationId: OrganizationId }
  /** The last key that was written, in the order of listings; `null` before the first. */
  readonly after: PagePosition | null
}

/** What one step of a revocation did. */
export interface RevokedBatch {
  /** How many keys it revoked that no step before had counted. */
  readonly revoked: number
  /** What is left; `null` where all is done. */
  readonly rest: KeyFence | null
}

/**
 * Where keys and their digests live. What each member promises is tested by the store contract.
 *
 * A store holds no policy: it persists and finds; status, expiry and scopes are decided by the domain. Every
 * member is atomic: it does all of what it says, or, when it fails, nothing (after a `StoreError`: nothing or
 * all of it). Nothing of a digest is ever logged.
 *
 * @since 0.1.0
 */
export class KeyStore extends Context.Tag("@apikeys/core/KeyStore")<
  KeyStore,
  {
    /**
     * Inserts a key with its digest. In the same transaction: the idempotency key is looked for first; then the
     * organization must exist, project and product must belong to it (else `NotFoundError` of the one that
     * does not), and be linked where both are given. Of concurrent inserts under one idempotency key exactly
     * one is `Inserted`, and the others are `Existing`.
     */
    readonly insert: (newKey: NewKey) => Effect.Effect<Insertion, NotFoundError | StoreError>

    /**
     * Finds keys by digest: as many answers as digests, in their order, `None` where a digest is unknown. One
     * trip to the store, however many there are. A superseded digest is found until it is deleted, also past its end.
     */
    readonly findByDigests: (
      digests: ReadonlyArray<Uint8Array>
    ) => Effect.Effect<ReadonlyArray<Option.Option<FoundKey>>, StoreError>

    /** `None` where there is no such key. */
    readonly find: (id: KeyId) => Effect.Effect<Option.Option<ApiKey>, StoreError>

    /** In the order `(createdAt, id)` descending. */
    readonly list: (filter: KeyFilter, slice: PageSlice) => Effect.Effect<ReadonlyArray<ApiKey>, StoreError>

    /**
     * Changes the given fields, sets `updatedAt`, and returns the key as it is then; of any status. Where the
     * rate limits change, the counters of those that the new set does not continue (same name, algorithm and
     * window) are deleted. Concurrent updates of different fields both take effect.
     */
    readonly update: (id: KeyId, patch: KeyPatch, at: Instant) => Effect.Effect<Option.Option<ApiKey>, StoreError>

    /** Revokes; of a key that is revoked already the first time and reason stay. Returns the key as it is then. */
    readonly revoke: (id: KeyId, revocation: Revocation) => Effect.Effect<Option.Option<ApiKey>, StoreError>

    /**
     * Revokes all keys of an owner that are there and not revoked yet, in one step that takes as long for a million of them as for
     * one: from when it returns, every member of this port gives them as revoked, at that time and for that reason, and
     * never otherwise again. What a store has to write of each key it may leave to {@link revokeFenced}. Keys that are inserted
     * later are not concerned. At least one id of the owner is given.
     */
    readonly fence: (owner: KeyOwner, revocation: Revocation) => Effect.Effect<RevokedBatch, StoreError>

    /**
     * Goes on with what `fence`, or the call before, has left: at most `limit` keys, in a transaction of its own. Where no
     * caller goes on, the fence stands, and one of the same owner that is made later finishes both. Of several that concern
     * a key, the time and reason of the first stay. All calls of all fences together count each key once.
     */
    readonly revokeFenced: (fence: KeyFence, limit: number) => Effect.Effect<RevokedBatch, StoreError>

    /**
     * Disables; of a key that is disabled already the first time and reason stay. Of any status. Returns the key as
     * it is then.
     */
    readonly disable: (id: KeyId, disabling: Disabling) => Effect.Effect<Option.Option<ApiKey>, StoreError>

    /** Takes a disabling back; a key that is not disabled stays as it is. Returns the key as it is then. */
    readonly enable: (id: KeyId, at: Instant) => Effect.Effect<Option.Option<ApiKey>, StoreError>

    /**
     * Gives a key a new digest, its hint, and `updatedAt`; refused by a key that is revoked. In the same transaction,
     * with the key's row locked first: the digests so far are superseded at `at` (those that are already keep their
     * time), and end at the `overlapEnd` of the domain, or at their own end where that is earlier: none is prolonged.
     * Those that ended by `at` are deleted, and then those that were superseded first, for as long as there are more than
     * the `maxSecrets` of the domain with the new one. So of concurrent rotations each supersedes those before it, and exactly
     * one digest of a key is current.
     */
    readonly rotate: (id: KeyId, rotation: Rotation) => Effect.Effect<Option.Option<RotationOutcome>, StoreError>

    /**
     * Puts one digest in the place of another of the same plaintext, under another signing secret or none; whatever
     * else is known of the row stays. `false`, and nothing is written, where that very row is not there any more, or
     * the new one is there already: what was rotated away or deleted meanwhile does not come back.
     */
    readonly redigest: (from: Uint8Array, to: Digest) => Effect.Effect<boolean, StoreError>

    /** What is known of signing secrets, but for their ids. */
    readonly secretNames: () => Effect.Effect<SecretNames, StoreError>

    /**
     * The ids of signing secrets, by their fingerprints and in their order: the id that was kept for a fingerprint, or else the
     * one given, which is kept then. Of concurrent calls one decides for all.
     */
    readonly nameSecrets: (secrets: ReadonlyArray<SecretName>) => Effect.Effect<ReadonlyArray<string>, StoreError>

    /**
     * Puts an id in the place of what an earlier version called a secret, at so many digests at most, and returns at how many:
     * superseded ones included. Where it is 0, the former name is forgotten.
     */
    readonly renameSecret: (former: string, id: string, limit: number) => Effect.Effect<number, StoreError>

    /**
     * Counts digests by their signing secrets; of superseded ones those that are valid after `now`. Reads every
     * digest.
     */
    readonly countSecrets: (now: Instant) => Effect.Effect<ReadonlyArray<SecretCount>, StoreError>

    /**
     * How many keys have a current digest that none of these signing secrets made. Takes as long as there are such
     * digests, not as there are keys.
     */
    readonly countUnserved: (secretIds: ReadonlyArray<string>) => Effect.Effect<number, StoreError>

    /**
     * Deletes keys as `delete` does, at most `limit` of them, in a transaction of its own, locking them in the order
     * of their ids.
     */
    readonly prune: (pruning: Pruning, limit: number) => Effect.Effect<PrunedBatch, StoreError>

    /**
     * Deletes a key with its digests, counters and whatever else refers to it; `false` where there is none.
     * What is recorded of it later is dropped.
     */
    readonly delete: (id: KeyId) => Effect.Effect<boolean, StoreError>

    /**
     * Inserts keys, each with its digest, in one transaction, and tells what became of each, in their order. One
     * that is not `Inserted` leaves nothing behind and stops none of the others; a later one sees the earlier
     * ones. Looked at in this order: the digests in all their forms, the ids, the owners, the link. Repeating a call is safe:
     * what it inserted is `Existing` then. Of concurrent imports of one digest or id exactly one is `Inserted`; so it is of one
     * plaintext by different signing secrets, where each import names the other's digest among its `otherDigests`. A key
     * whose digest is put in the place of another meanwhile is found under one of the two.
     */
    readonly insertMany: (
      imports: ReadonlyArray<KeyImport>
    ) => Effect.Effect<ReadonlyArray<KeyImportOutcome>, StoreError>
  }
>() {}
