/**
 * How many keys depend on one signing secret.
 *
 * @since 0.1.0
 */
export interface SigningSecretUse {
  /** Tells secrets apart, and reveals nothing of them: it was drawn when a client first opened with the secret. */
  readonly secretId: string
  /**
   * Whether it is the signing secret, one of the previous ones, or one that this client was not given; `unkeyed` is
   * none at all: SHA-256 digests that an earlier version imported, each until the next use of its key.
   */
  readonly role: "current" | "previous" | "unkeyed" | "unknown"
  /** Keys, of any status, whose digest was made with it: without it they cannot be verified. */
  readonly keys: number
  /** Old secrets of rotated keys, in their overlap, whose digests were made with it. */
  readonly superseded: number
}

/**
 * What still depends on which signing secret.
 *
 * @since 0.1.0
 */
export interface SigningSecretReport {
  /** The current one first, then the previous ones as they were given, then what is unkeyed, then unknown ones. */
  readonly secrets: ReadonlyArray<SigningSecretUse>
  /** Keys that this client cannot verify, since it was not given the secret that made their digests. */
  readonly unservedKeys: number
}
