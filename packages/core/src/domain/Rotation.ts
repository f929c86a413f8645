import { DateTime } from "effect"
import type { ApiKey } from "./ApiKey.js"
import type { Instant } from "./Instant.js"

/** What is known of one of the secrets of a key. The current one has neither time. */
export interface SecretTimes {
  /** When a rotation put another secret in its place. */
  readonly supersededAt: Instant | null
  /** The first moment at which it is no secret of the key any more. */
  readonly validUntil: Instant | null
}

/**
 * How many secrets a key has at most, the current one included: each of them opens it.
 *
 * @since 0.1.0
 */
export const maxSecrets = 4

/**
 * Until when the old secrets of a key that is rotated work at most: for the overlap, and never longer than the key
 * itself. At `at`, or before it, they stop at once.
 *
 * @since 0.1.0
 */
export const overlapEnd = (key: Pick<ApiKey, "expiresAt">, at: Instant, overlapMillis: number): Instant => {
  const end = DateTime.unsafeMake(at.epochMillis + overlapMillis)
  return key.expiresAt === null ? end : DateTime.min(end, key.expiresAt)
}

/**
 * Whether a secret is still one of its key's: the current one is, one that was superseded until its overlap ends.
 *
 * @param now milliseconds since the epoch
 * @since 0.1.0
 */
export const isSecretValid = ({ validUntil }: Pick<SecretTimes, "validUntil">, now: number): boolean =>
  validUntil === null || now < validUntil.epochMillis

/** Until when a superseded secret works: the key may have got an earlier expiry since. */
export const supersededUntil = (key: Pick<ApiKey, "expiresAt">, { validUntil }: SecretTimes): Instant | null =>
  validUntil === null || key.expiresAt === null ? validUntil : DateTime.min(validUntil, key.expiresAt)
