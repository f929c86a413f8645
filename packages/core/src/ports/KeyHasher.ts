import { Context } from "effect"

/** The digest of a plaintext key, and which signing secret made it. */
export interface Digest {
  /** 32 bytes. */
  readonly bytes: Uint8Array
  /** Names the signing secret, and reveals nothing of it. */
  readonly secretId: string
}

/** Names no secret: what made a digest without a key, which imports bring. */
export const unkeyed = "sha256"

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
    /** SHA-256 of the whole plaintext, under no secret: `secretId` is {@link unkeyed}. */
    readonly unkeyedDigest: (plaintext: string) => Digest
    /** Whether two digests are equal, in a time that does not depend on where they differ. */
    readonly equals: (one: Uint8Array, other: Uint8Array) => boolean
    /** That many bytes of a cryptographic source. */
    readonly random: (size: number) => Uint8Array
  }
>() {}
