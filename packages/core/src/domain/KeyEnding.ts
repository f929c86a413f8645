import { DisabledKeyError, ExpiredKeyError, InvalidKeyError, RevokedKeyError } from "./Errors.js"
import type { KeyId } from "./Ids.js"

/**
 * When a key ends or ended, in milliseconds since the epoch; `null` where it does not.
 *
 * @since 0.1.0
 */
export interface KeyTimes {
  readonly revokedAt: number | null
  readonly expiresAt: number | null
  readonly disabledAt: number | null
}

/**
 * Why a key is no longer good, and since when, in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export type KeyEnding =
  | { readonly status: "revoked" | "expired" | "disabled"; readonly at: number }
  | { readonly status: "deleted"; readonly at: null }

/**
 * Why a key is not active at a time; `null` where it is. What no `enableKey` can undo goes first.
 *
 * @param times `null` where there is no such key
 * @param now milliseconds since the epoch
 * @since 0.1.0
 */
export const endingOf = (times: KeyTimes | null, now: number): KeyEnding | null => {
  if (times === null) return { status: "deleted", at: null }
  const { disabledAt, expiresAt, revokedAt } = times
  if (revokedAt !== null) return { status: "revoked", at: revokedAt }
  if (expiresAt !== null && expiresAt <= now) return { status: "expired", at: expiresAt }
  return disabledAt === null ? null : { status: "disabled", at: disabledAt }
}

/** What a caller is told of a key that has ended. */
export const endingError = (
  keyId: KeyId,
  ending: KeyEnding
): InvalidKeyError | ExpiredKeyError | RevokedKeyError | DisabledKeyError => {
  switch (ending.status) {
    case "deleted":
      return new InvalidKeyError()
    case "revoked":
      return new RevokedKeyError({ keyId, revokedAt: new Date(ending.at) })
    case "expired":
      return new ExpiredKeyError({ keyId, expiredAt: new Date(ending.at) })
    case "disabled":
      return new DisabledKeyError({ keyId, disabledAt: new Date(ending.at) })
  }
}
