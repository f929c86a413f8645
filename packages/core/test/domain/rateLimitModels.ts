import type { RateLimit } from "../../src/domain/RateLimit.js"
import type { RateLimitWindow } from "../../src/domain/RateLimitWindow.js"

/** What an algorithm promises, written down as naively as can be: to compare with, in exact numbers. */
export interface RateLimitModel {
  /** Lets time pass under a limit. */
  readonly pass: (limit: RateLimit, now: number) => void
  /** Whether a cost would fit at this time or later, if nothing came between. */
  readonly fits: (limit: RateLimit, at: number, cost: number) => boolean
  readonly take: (now: number, cost: number) => void
}

interface Span {
  readonly start: bigint
  readonly end: bigint
}

const seconds: Record<string, bigint> = { second: 1n, minute: 60n, hour: 3600n, day: 86_400n }

const monthAfter = (month: string): string => {
  const [year, number] = month.split("-").map(Number) as [number, number]
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, "0")}`
}

const spanAt = (window: RateLimitWindow, at: bigint): Span => {
  if (window === "month") {
    const month = new Date(Number(at)).toISOString().slice(0, 7)
    return { start: BigInt(Date.parse(`${month}-01`)), end: BigInt(Date.parse(`${monthAfter(month)}-01`)) }
  }
  const length = 1000n * (typeof window === "number" ? BigInt(window) : (seconds[window] as bigint))
  const start = at - (at % length)
  return { start, end: start + length }
}

/** A log of all that was admitted. */
const makeLog = () => {
  const log: Array<{ readonly at: bigint; readonly cost: bigint }> = []
  return {
    take: (now: number, cost: number) => void log.push({ at: BigInt(now), cost: BigInt(cost) }),
    during: ({ start, end }: Span): bigint =>
      log.filter(({ at }) => start <= at && at < end).reduce((sum, { cost }) => sum + cost, 0n)
  }
}

/** At most `requests` in each window. */
export const fixedWindowModel = (): RateLimitModel => {
  const log = makeLog()
  return {
    pass: () => undefined,
    take: log.take,
    fits: ({ requests, window }, at, cost) => log.during(spanAt(window, BigInt(at))) + BigInt(cost) <= BigInt(requests)
  }
}

/** Previous window × share of it still in sight + current window, never over `requests`. */
export const slidingWindowModel = (): RateLimitModel => {
  const log = makeLog()
  return {
    pass: () => undefined,
    take: log.take,
    fits: ({ requests, window }, at, cost) => {
      const now = BigInt(at)
      const current = spanAt(window, now)
      const previous = current.start === 0n ? 0n : log.during(spanAt(window, current.start - 1n))
      const length = current.end - current.start
      const estimate = previous * (current.end - now) + (log.during(current) + BigInt(cost)) * length
      return estimate <= BigInt(requests) * length
    }
  }
}

const refill = (window: RateLimitWindow): bigint => (window === "month" ? 2_592_000_000n : spanAt(window, 0n).end)

/** The bucket lacks what was taken, `burst` at most; of that, `requests` come back over a window. */
export const tokenBucketModel = (window: RateLimitWindow): RateLimitModel => {
  const unit = refill(window)
  // In tokens × milliseconds of the window, so that it is whole.
  let missing = 0n
  let seen = 0n
  const missingAt = (limit: RateLimit, at: number): bigint => {
    const all = BigInt(limit.burst as number) * unit
    const rest = (missing < all ? missing : all) - (BigInt(at) - seen) * BigInt(limit.requests)
    return rest > 0n ? rest : 0n
  }
  return {
    pass: (limit, now) => {
      missing = missingAt(limit, now)
      seen = BigInt(now)
    },
    take: (_, cost) => {
      missing += BigInt(cost) * unit
    },
    fits: (limit, at, cost) => missingAt(limit, at) + BigInt(cost) * unit <= BigInt(limit.burst as number) * unit
  }
}
