import { Context, type Effect } from "effect"

/** The digest of a plaintext key, and which signing secret made it. */
export interface Digest {
  /** 32 bytes. */
  readonly bytes: Uint8Array
  /** Names the signing secret, and what it signed, where that is not the plaintext itself: see {@link overSha256}. */
  readonly secretId: string
}

/** Names no secret: what made a digest without a key. None is made any more. */
export const unkeyed = "sha256"

/** A signing secret that signs, and that cannot be read. */
export interface SealedSecret {
  readonly hmac: (data: string | Uint8Array) => Uint8Array
  /** What earlier versions called it, which is made of it: it can be guessed by, and is stored no more. */
  readonly formerId: string
}

/** What a store knows a signing secret by: 32 bytes that are expensive to guess it by. */
export type Fingerprint = (formerId: string, salt: Uint8Array) => Effect.Effect<Uint8Array>

const suffix = "/sha256"

/**
 * Names an HMAC over the SHA-256 of a plaintext, under a secret: another form than one over the plaintext itself, which is
 * never taken for it.
 *
 * @since 0.1.0
 */
export const overSha256 = (secretId: string): string => secretId + suffix

/** Whether a digest was made over the SHA-256 of a plaintext. */
export const isOverSha256 = (secretId: string): boolean => secretId.endsWith(suffix)

/** The secret alone of what names a digest. */
export const secretOf = (secretId: string): string =>
  isOverSha256(secretId) ? secretId.slice(0, -suffix.length) : secretId

/**
 * The cryptography of the domain: digests under the signing secret, and randomness.
 *
 * @since 0.1.0
 */
export class KeyHasher extends Context.Tag("@apikeys/core/KeyHasher")<
  KeyHasher,
  {
    /** HMAC-SHA256 (RFC 2104) of the whole plaintext, under the UTF-8 bytes of the signing secret. */
    readonly digest: (plaintext: string) => Digest
    /** Under every secret that is accepted: what {@link digest} gives, then those of the previous ones in their order. */
    readonly candidates: (plaintext: string) => readonly [current: Digest, ...previous: ReadonlyArray<Digest>]
    /**
     * HMAC-SHA256 of the 32 bytes of a SHA-256 digest, under every secret that is accepted, in the same order: how keys of
     * foreign forms are kept, so that their SHA-256 digests can be imported, and found to be there.
     */
    readonly keyed: (sha256: Uint8Array) => readonly [current: Digest, ...previous: ReadonlyArray<Digest>]
    /** The secrets that are accepted, the current one first: by ids that were drawn, and are made of nothing. */
    readonly secretIds: readonly [current: string, ...previous: ReadonlyArray<string>]
    /** What earlier versions called them, in the same order; digests have these names until they get the new ones. */
    readonly formerIds: ReadonlyArray<string>
    /** SHA-256 of the whole plaintext, under no secret: `secretId` is {@link unkeyed}. */
    readonly unkeyedDigest: (plaintext: string) => Digest
    /**
     * SHA-256 of a text, as text: what a process looks a plaintext up by in its own memory, where 256 random bits need no
     * key. It is a tenth of what `digest` takes.
     */
    readonly fingerprint: (text: string) => string
    /** Whether two digests are equal, in a time that does not depend on where they differ. */
    readonly equals: (one: Uint8Array, other: Uint8Array) => boolean
    /** That many bytes of a cryptographic source. */
    readonly random: (size: number) => Uint8Array
  }
>() {}
