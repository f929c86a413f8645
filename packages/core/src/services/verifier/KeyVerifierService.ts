import type { Duration, Effect, Redacted } from "effect"
import type { ApiKeyOf } from "../../domain/ApiKey.js"
import type {
  AuthenticationError,
  InsufficientScopeError,
  InvalidInputError,
  KeyNotAllowedError,
  QuotaError,
  StoreError
} from "../../domain/Errors.js"
import type { Instant } from "../../domain/Instant.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"
import type { ValidateKeyOptions, VerifyKeyOptions } from "./ValidateKeyOptions.js"
import type { Refusal, Verification } from "./Verifications.js"

/**
 * A key that proved itself.
 *
 * @since 0.1.0
 */
export interface VerifiedKey<M = Metadata> {
  /** With `useCount` as this process knows it, this call included. */
  readonly key: ApiKeyOf<M>
  /** Each limit of the key as this call left it; empty where none was looked at. */
  readonly limits: ReadonlyArray<RateLimitStatus>
  /** When a rotation superseded the secret that was presented; `null` where it is the key's current one. */
  readonly supersededAt: Instant | null
  /** The first moment at which that secret no longer verifies; `null` where it is the key's current one. */
  readonly supersededUntil: Instant | null
}

/** What a `KeyVerifier` does, over metadata of type `M`. */
export interface KeyVerifierService<M = Metadata> {
  /** Authenticates: form, digest, status. Charges no limit; counts as a use. */
  readonly verifyKey: (
    plaintext: Redacted.Redacted<string> | string,
    options?: VerifyKeyOptions
  ) => Effect.Effect<VerifiedKey<M>, AuthenticationError | InvalidInputError | StoreError>

  /** Authenticates, authorizes and charges, in this order; a call that is refused costs nothing. */
  readonly validateKey: (
    plaintext: Redacted.Redacted<string> | string,
    options?: ValidateKeyOptions
  ) => Effect.Effect<
    VerifiedKey<M>,
    AuthenticationError | KeyNotAllowedError | InsufficientScopeError | QuotaError | InvalidInputError | StoreError
  >

  /**
   * Like `validateKey`, at once and without a fiber, where all that is needed is in memory: for adapters that spare
   * their callers the promise. `null` where the store has to be asked; then nothing was charged or counted, and
   * `validateKey` is to be called. Takes the time from the clock under which the service was made.
   */
  readonly attempt: (
    plaintext: Redacted.Redacted<string> | string,
    options?: ValidateKeyOptions
  ) => Verification | Refusal | null

  /**
   * What `attempt` could not say: `validateKey` for plain code, without a fiber for as long as the store looks the key up.
   *
   * @param resume is given an `Exit`, or an effect where there is more to do, which is the caller's to run. It may be
   * called before this returns
   * @param isWaiting is asked before anything is charged; where the answer is no, nobody is told anything
   */
  readonly complete: (
    plaintext: Redacted.Redacted<string> | string,
    options: ValidateKeyOptions | undefined,
    resume: (answer: Effect.Effect<Verification, Refusal | StoreError>) => void,
    isWaiting: () => boolean
  ) => void

  /** Waits until every use counted so far is in the store, or for as long as given; returns how many are not. */
  readonly flush: (timeout: Duration.DurationInput) => Effect.Effect<number>
}
