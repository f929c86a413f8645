import type { RateLimit } from "../../src/domain/RateLimit.js"
import type { RateLimitWindow } from "../../src/domain/RateLimitWindow.js"

/** What an algorithm promises, written down as naively as can be: to compare with, in exact numbers. */
export interface RateLimitModel {
  /** Lets time pass under a limit, as a clock has it that may step, and says what time it is by the newest seen. */
  readonly pass: (limit: RateLimit, now: number) => number
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
  const start = at - (((at % length) + length) % length)
  return { start, end: start + length }
}

const before = (window: RateLimitWindow, { start }: Span): Span => spanAt(window, start - 1n)

/** The newest time, unless the clock steps back by more than 5 seconds: then what was seen came from a wrong clock. */
const makeSeen = (onBack: (seen: number, now: number) => void) => {
  let seen = 0
  return (now: number): number => {
    if (seen - now > 5000) onBack(seen, now)
    seen = seen - now > 5000 ? now : Math.max(seen, now)
    return seen
  }
}

/** A log of all that was admitted. */
const makeLog = () => {
  let log: Array<{ readonly at: bigint; readonly cost: bigint }> = []
  const during = ({ start, end }: Span): bigint =>
    log.filter(({ at }) => start <= at && at < end).reduce((sum, { cost }) => sum + cost, 0n)
  return {
    take: (now: number, cost: number) => void log.push({ at: BigInt(now), cost: BigInt(cost) }),
    during,
    /** As if what a window of a wrong time admitted had been admitted just now. */
    move: (window: RateLimitWindow, seen: number, now: number) => {
      log = [{ at: BigInt(now), cost: during(spanAt(window, BigInt(seen))) }]
    }
  }
}

/** At most `requests` in each window. */
export const fixedWindowModel = (window: RateLimitWindow): RateLimitModel => {
  const log = makeLog()
  const seenAt = makeSeen((seen, now) => log.move(window, seen, now))
  return {
    pass: (_, now) => seenAt(now),
    take: log.take,
    fits: ({ requests }, at, cost) => log.during(spanAt(window, BigInt(at))) + BigInt(cost) <= BigInt(requests)
  }
}

/** Previous window × share of it still in sight + current window, never over `requests`. */
export const slidingWindowModel = (window: RateLimitWindow): RateLimitModel => {
  const log = makeLog()
  const seenAt = makeSeen((seen, now) => log.move(window, seen, now))
  return {
    pass: (_, now) => seenAt(now),
    take: log.take,
    fits: ({ requests }, at, cost) => {
      const now = BigInt(at)
      const current = spanAt(window, now)
      const previous = log.during(before(window, current))
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
  const seenAt = makeSeen((_, now) => {
    seen = BigInt(now)
  })
  const missingAt = (limit: RateLimit, at: number): bigint => {
    const all = BigInt(limit.burst as number) * unit
    const rest = (missing < all ? missing : all) - (BigInt(at) - seen) * BigInt(limit.requests)
    return rest > 0n ? rest : 0n
  }
  return {
    pass: (limit, now) => {
      const at = seenAt(now)
      missing = missingAt(limit, at)
      seen = BigInt(at)
      return at
    },
    take: (_, cost) => {
      missing += BigInt(cost) * unit
    },
    fits: (limit, at, cost) => missingAt(limit, at) + BigInt(cost) * unit <= BigInt(limit.burst as number) * unit
  }
}
