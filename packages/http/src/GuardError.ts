import { ApiKeyError } from "@apikeys/core"
import { type CredentialError, isCredentialError } from "./CredentialErrors.js"

/**
 * Everything that has an answer of its own.
 *
 * @since 0.1.0
 */
export type GuardError = ApiKeyError | CredentialError

/** Whether a value is an error of this library. */
export const isGuardError = (value: unknown): value is GuardError => {
  try {
    return value instanceof ApiKeyError || isCredentialError(value)
  } catch {
    // A proxy whose traps throw.
    return false
  }
}
