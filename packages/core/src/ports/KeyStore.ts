import { Context, type Effect, type Option } from "effect"
import type { ApiKey, KeyStatus } from "../domain/ApiKey.js"
import type { NotFoundError, StoreError } from "../domain/Errors.js"
import type { KeyId, OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import type { Metadata } from "../domain/Metadata.js"
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
}

/** What became of an insert. */
export type Insertion =
  | { readonly _tag: "Inserted" }
  /** The organization has a key under this idempotency key already, which this is; nothing was written. */
  | { readonly _tag: "Existing"; readonly key: ApiKey }
  /** Project and product are both of the organization, but not linked; nothing was written. */
  | { readonly _tag: "NotLinked" }

/** A key as it was found by a digest. */
export interface FoundKey {
  readonly key: ApiKey
  /** The digest of the row that was found, as it is stored. */
  readonly digest: Uint8Array
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
  /** The time at which `status` is meant. */
  readonly now: Instant
}

/** Why, and from when on, a key is revoked. */
export interface Revocation {
  readonly at: Instant
  readonly reason: string | null
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
     * trip to the store, however many there are.
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

    /** Revokes all keys of an owner that are not revoked yet, and returns how many these were. */
    readonly revokeAll: (owner: KeyOwner, revocation: Revocation) => Effect.Effect<number, StoreError>

    /**
     * Deletes a key with its digests, counters and whatever else refers to it; `false` where there is none.
     * What is recorded of it later is dropped.
     */
    readonly delete: (id: KeyId) => Effect.Effect<boolean, StoreError>

    /**
     * Inserts keys, each with its digest, in one transaction, and tells what became of each, in their order. One
     * that is not `Inserted` leaves nothing behind and stops none of the others; a later one sees the earlier
     * ones. Looked at in this order: the digest, the id, the owners, the link. Repeating a call is safe: what it inserted is
     * `Existing` then. Of concurrent imports of one digest or id exactly one is `Inserted`.
     */
    readonly insertMany: (
      imports: ReadonlyArray<KeyImport>
    ) => Effect.Effect<ReadonlyArray<KeyImportOutcome>, StoreError>

    /**
     * Puts another digest into the place of one, of whatever key, and returns whether it did: `false` where the
     * old one is gone, or the new one is there already. Never inserts, so what was removed meanwhile stays so.
     */
    readonly redigest: (from: Uint8Array, to: Digest) => Effect.Effect<boolean, StoreError>
  }
>() {}
