/**
 * How a call is counted.
 *
 * @since 0.1.0
 */
export interface VerifyKeyOptions {
  /** Whether the call counts in `useCount` and `lastUsedAt`. Default `true`. */
  readonly trackUsage?: boolean | undefined
}

/**
 * What a call asks a key to be good for. A call that asks for no organization, project or product accepts
 * **keys of any organization**. `null` asks for none; `undefined`, such as a setting that is missing, is refused.
 *
 * @since 0.1.0
 */
export interface ValidateKeyOptions extends VerifyKeyOptions {
  readonly organizationId?: string | null
  readonly projectId?: string | null
  readonly productId?: string | null
  /** Literal scopes, all of which the key must cover. Default none. */
  readonly requiredScopes?: ReadonlyArray<string> | null
  /** Whether the key's rate limits are charged. Default `true`. */
  readonly checkRateLimit?: boolean | undefined
  /**
   * What the call takes from each limit. Default 1; 0 looks without taking, succeeds even when a limit is
   * exhausted, and is no use.
   */
  readonly cost?: number | undefined
}
