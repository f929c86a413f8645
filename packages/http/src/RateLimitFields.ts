import type { RateLimitStatus } from "@apikeys/core"
import type { HeaderFields } from "./HeaderFields.js"
import { maxInteger, serializeDictionary, serializeList, serializeParameters } from "./StructuredField.js"

/**
 * In which words rate limits are told.
 *
 * - `draft-11`: `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11.
 * - `draft-7`: the same fields of its seventh draft.
 * - `legacy`: `X-RateLimit-Limit`, `-Remaining` and `-Reset`, in seconds from now.
 * - `legacy-epoch`: the same, with the reset as Unix time.
 * - `none`.
 *
 * @since 0.1.0
 */
export type RateLimitDialect = "draft-11" | "draft-7" | "legacy" | "legacy-epoch" | "none"

/** The one limit that is told where there is room for one. */
interface Told {
  readonly limit: RateLimitStatus
  readonly remaining: number
  /** `null` where waiting does not help. */
  readonly seconds: number | null
}

const none: HeaderFields = []

/**
 * The fields for a caller whose key was accepted, or refused for its limits. None where the key has no limits.
 *
 * @param refused whether the limits refused
 * @param now milliseconds since the epoch, for `legacy-epoch`
 * @since 0.1.0
 */
export const rateLimitFields = (
  dialect: RateLimitDialect,
  limits: ReadonlyArray<RateLimitStatus>,
  refused = false,
  now: number = Date.now()
): HeaderFields => {
  if (dialect === "none") return none
  const told = refused ? longestWait(limits) : scarcest(limits)
  if (told === null) return none
  switch (dialect) {
    case "draft-11":
      return [
        ["RateLimit-Policy", limits.map((limit) => wordsOf(limit).policy).join(", ")],
        ["RateLimit", serviceLimit(told)]
      ]
    case "draft-7":
      return [
        ["RateLimit-Policy", serializeList(limits.map(namelessPolicy))],
        [
          "RateLimit",
          serializeDictionary([
            ["limit", quota(told.limit)],
            ["remaining", told.remaining],
            ["reset", reset(told)]
          ])
        ]
      ]
    default:
      return [
        ["X-RateLimit-Limit", String(quota(told.limit))],
        ["X-RateLimit-Remaining", String(told.remaining)],
        ["X-RateLimit-Reset", String(dialect === "legacy" ? reset(told) : Math.ceil(now / 1000) + reset(told))]
      ]
  }
}

/** The most that a limit admits at once: of a token bucket, its burst. */
const quota = (limit: RateLimitStatus): number => limit.burst ?? limit.requests

/** Of a token bucket, the time that fills it. */
const windowSeconds = (limit: RateLimitStatus): number =>
  limit.burst === null
    ? limit.windowSeconds
    : Math.min(maxInteger, Math.max(1, Math.ceil((limit.windowSeconds * limit.burst) / limit.requests)))

/** What is told of a limit each time. */
interface Words {
  readonly name: string
  readonly policy: string
}

/** Requests come far more often than limits change, so this is written once; of more than so many limits, anew. */
const words = new Map<string, Words>()
const maxWords = 1000

const wordsOf = (limit: RateLimitStatus): Words => {
  const id = `${quota(limit)} ${limit.burst === null ? "" : limit.requests} ${limit.windowSeconds} ${limit.name}`
  const known = words.get(id)
  if (known !== undefined) return known
  const parameters = [["q", quota(limit)] as const, ["w", windowSeconds(limit)] as const]
  const made = {
    name: serializeList([{ value: limit.name, parameters: [] }]),
    policy: serializeList([{ value: limit.name, parameters }])
  }
  if (words.size >= maxWords) words.clear()
  words.set(id, made)
  return made
}

const namelessPolicy = (limit: RateLimitStatus) => ({
  value: quota(limit),
  parameters: [["w", windowSeconds(limit)] as const]
})

const serviceLimit = ({ limit, remaining, seconds }: Told): string =>
  wordsOf(limit).name +
  serializeParameters(
    seconds === null ? [["r", remaining] as const] : [["r", remaining] as const, ["t", seconds] as const]
  )

/** Older dialects know of no reset that does not come. */
const reset = ({ limit, seconds }: Told): number => seconds ?? limit.resetAfterSeconds

/** The limit of which the smallest share is left; of equals, the one that takes longest to give more. */
const scarcest = (limits: ReadonlyArray<RateLimitStatus>): Told | null => {
  let told: RateLimitStatus | null = null
  for (const limit of limits) {
    if (told === null || isScarcer(limit, told)) told = limit
  }
  return told === null ? null : { limit: told, remaining: told.remaining, seconds: told.resetAfterSeconds }
}

const isScarcer = (limit: RateLimitStatus, than: RateLimitStatus): boolean => {
  const difference = limit.remaining / quota(limit) - than.remaining / quota(than)
  return difference < 0 || (difference === 0 && limit.resetAfterSeconds > than.resetAfterSeconds)
}

/** The refusing limit with the longest wait. */
const longestWait = (limits: ReadonlyArray<RateLimitStatus>): Told | null => {
  let told: RateLimitStatus | null = null
  for (const limit of limits) {
    if (limit.retryAfterSeconds !== 0 && (told === null || waitOf(limit) > waitOf(told))) told = limit
  }
  return told === null
    ? null
    : { limit: told, remaining: 0, seconds: told.retryAfterSeconds && Math.min(maxInteger, told.retryAfterSeconds) }
}

const waitOf = ({ retryAfterSeconds }: RateLimitStatus): number => retryAfterSeconds ?? Number.POSITIVE_INFINITY
