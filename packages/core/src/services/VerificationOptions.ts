/**
 * How keys are verified: what is remembered, counted and charged, and where.
 *
 * @since 0.1.0
 */
export interface VerificationOptions {
  /** What this process remembers of keys, so that it need not ask the store again; `false` for nothing. */
  readonly cache?: CacheOptions | false | undefined
  /**
   * When uses are in the store.
   *
   * - `deferred` (default): by and by. A process that is killed loses those of one `usageFlush.interval` at most.
   * - `durable`: before the call returns, in one transaction with what it charged.
   * - `off`: never; nothing is counted.
   */
  readonly usage?: UsageMode | undefined
  /** When `deferred` uses are given to the store. */
  readonly usageFlush?: UsageFlushOptions | undefined
  /**
   * Where rate limits are charged.
   *
   * - `exact` (default): in the store, before the call returns.
   * - `leased`: in the store, some calls ahead. All processes together never admit one too many; one may refuse a call
   *   for a moment while another still holds a permit.
   * - `memory`: in this process, for which alone they hold; nothing outlives it.
   */
  readonly rateLimits?: RateLimitMode | undefined
}

/**
 * What is remembered of keys. A key that changes is forgotten at once here, and within a second everywhere else.
 *
 * @since 0.1.0
 */
export interface CacheOptions {
  /** How many keys at most: 1 to 10,000,000. Default 10,000; one takes some 600 bytes. */
  readonly capacity?: number | undefined
  /**
   * How many bytes of memory they take at most, as far as that can be told: 1024 to 2^40. Default 64 MiB, or 2 KiB a key
   * of `capacity` where that is more. A key with much metadata takes up to a hundred times as much as others.
   */
  readonly maxBytes?: number | undefined
  /** For how many milliseconds a key is not read anew: 1 to 86,400,000. Default 60,000. */
  readonly ttl?: number | undefined
  /** For how many milliseconds it is remembered that a key is unknown: 0 to 1000. Default 500. */
  readonly negativeTtl?: number | undefined
}

/** @since 0.1.0 */
export type UsageMode = "deferred" | "durable" | "off"

/**
 * When uses are given to the store: what comes first.
 *
 * @since 0.1.0
 */
export interface UsageFlushOptions {
  /** So many milliseconds after the first of them: 10 to 3,600,000. Default 1000. */
  readonly interval?: number | undefined
  /** When so many keys were used: 1 to 1,000,000. Default 10,000. Of four times as many, calls have to wait. */
  readonly keys?: number | undefined
}

/** @since 0.1.0 */
export type RateLimitMode = "exact" | "leased" | "memory"
