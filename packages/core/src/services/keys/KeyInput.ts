import type { Instant } from "../../domain/Instant.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { RateLimitAlgorithm } from "../../domain/RateLimit.js"
import type { RateLimitWindow } from "../../domain/RateLimitWindow.js"

/** A point in time as a caller gives it: between 1970 and 9999, to the millisecond. */
export type InstantInput = Instant | Date

/**
 * A rate limit as a caller gives it.
 *
 * @since 0.1.0
 */
export interface RateLimitInput {
  /** 1 to 64 of `A-Z a-z 0-9 _ . -`, distinct among the limits of a key. Default `default`. */
  readonly name?: string | undefined
  /** 1 to 10^15 − 1. */
  readonly requests: number
  /** A named window, or whole seconds. */
  readonly window: RateLimitWindow
  /** Default `fixed-window`. */
  readonly algorithm?: RateLimitAlgorithm | undefined
  /** What a token bucket holds at most. Default `requests`. */
  readonly burst?: number | null | undefined
}

/** Fields that are given at creation and may be changed later. */
export interface Changeable<M> {
  /** For people: trimmed, 1 to 255 code points, without control characters. */
  readonly name?: string | null | undefined
  /** At most 100; none grant nothing. A `*` stands alone or as the last segment. */
  readonly scopes?: ReadonlyArray<string> | null | undefined
  /** At most 16; none limit nothing. */
  readonly rateLimits?: ReadonlyArray<RateLimitInput> | null | undefined
  /** The first moment at which the key no longer verifies; `null` for never. */
  readonly expiresAt?: InstantInput | null | undefined
  /** A JSON object of at most 16 KiB, 1,024 values and depth 16; replaced whole. */
  readonly metadata?: M | null | undefined
}

/**
 * What a new key is made of.
 *
 * @since 0.1.0
 */
export interface CreateKeyInput<M = Metadata> extends Changeable<M> {
  readonly organizationId: string
  /** Narrows the key to a project of the organization. */
  readonly projectId?: string | null
  /** Narrows the key to a product of the organization; linked to the project where both are given. */
  readonly productId?: string | null
  /** In the future. */
  readonly expiresAt?: InstantInput | null | undefined
}
