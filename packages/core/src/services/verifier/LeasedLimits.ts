import { Effect } from "effect"
import type { StoreError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import type { RateLimit } from "../../domain/RateLimit.js"
import { maxLeaseMillis, type RateLimitLease } from "../../domain/RateLimitLease.js"
import type { RateLimitOutcome, RateLimitStatus } from "../../domain/RateLimitStatus.js"
import {
  type LeaseOutcome,
  type LeaseRequest,
  type RateLimitRefund,
  RateLimitStore
} from "../../ports/RateLimitStore.js"
import { makeBatches } from "./Batches.js"
import { chargeBounds, chargeFailed } from "./ExactLimits.js"
import { Pace } from "./Pace.js"
import type { LimitedKey, RateLimiterService } from "./RateLimiterService.js"
import { monotonicMillis } from "./VerificationCache.js"

/** Permits are spent in this share of their life, so that what is left of them returns within it. */
const spending = 0.8

/** How often what was not spent is looked for. */
const sweepMillis = (1 - spending) * maxLeaseMillis

/** Permits at hand. */
interface Holding {
  readonly lease: RateLimitLease
  readonly limits: ReadonlyArray<RateLimit>
  /** Until when they may be spent, by a clock that nobody sets. */
  readonly until: number
  /** The limits as the store has them, without these permits. */
  readonly statuses: ReadonlyArray<RateLimitStatus>
  left: number
}

const shown = (status: RateLimitStatus, left: number): RateLimitStatus => ({
  name: status.name,
  algorithm: status.algorithm,
  requests: status.requests,
  window: status.window,
  burst: status.burst,
  windowSeconds: status.windowSeconds,
  remaining: status.remaining + left,
  resetAfterSeconds: status.resetAfterSeconds,
  retryAfterSeconds: status.retryAfterSeconds
})

const withLeft = (statuses: ReadonlyArray<RateLimitStatus>, left: number): RateLimitOutcome => ({
  allowed: true,
  retryAfterSeconds: 0,
  limits: statuses.map((status) => shown(status, left))
})

/**
 * A charge in the store takes permits ahead where calls of the key come often, and those that follow spend them here.
 * A permit counts in the store from when it was taken, so all processes together never admit one too many.
 */
export const makeLeasedLimits = Effect.gen(function* () {
  const store = yield* RateLimitStore
  const holdings = new Map<KeyId, Holding>()
  const pace = new Pace()
  /** Open while there are permits at hand. */
  const holding = yield* Effect.makeLatch(false)
  let unspent: Array<RateLimitRefund> = []
  /** Keys for which permits are being taken: one request at a time does so. */
  const asking = new Set<KeyId>()
  /** Counts resets: what was taken before one is not to be given back after it. */
  let resets = 0

  const drop = (id: KeyId, { left, lease, limits }: Holding): void => {
    holdings.delete(id)
    pace.left(id, left)
    if (left > 0) unspent.push({ keyId: id, limits, lease: { ...lease, permits: left } })
  }

  const hold = ({ keyId, limits }: LeaseRequest, { lease, outcome }: LeaseOutcome, began: number): RateLimitOutcome => {
    if (lease === null) return outcome
    const before = holdings.get(keyId)
    if (before !== undefined) drop(keyId, before)
    holdings.set(keyId, {
      lease,
      limits,
      until: began + lease.lifetimeMillis * spending,
      statuses: outcome.limits,
      left: lease.permits
    })
    holding.unsafeOpen()
    return withLeft(outcome.limits, lease.permits)
  }

  const { ask: charge } = makeBatches<LeaseRequest, RateLimitOutcome, StoreError>({
    ...chargeBounds,
    run: (requests) =>
      Effect.clockWith((clock) => {
        // Before the store is asked: the permits are dead here before they are by its time.
        const began = monotonicMillis(clock)
        const resetsBefore = resets
        const asked = Effect.ensuring(
          store.lease(requests),
          Effect.sync(() => {
            for (const { ahead, keyId } of requests) if (ahead > 0) asking.delete(keyId)
          })
        )
        return Effect.map(asked, (outcomes) =>
          outcomes.map((each, i) => {
            const request = requests[i] as LeaseRequest
            return resets === resetsBefore ? hold(request, each, began) : each.outcome
          })
        )
      }),
    onFull: chargeFailed("RateLimitStore.lease", true, "too many charges are waiting"),
    onMissing: chargeFailed("RateLimitStore.lease", false, "gave no answer")
  })

  const sweep = (now: number): void => {
    for (const [id, held] of holdings) if (held.until <= now || held.left === 0) drop(id, held)
    pace.sweep(now)
    if (holdings.size === 0) holding.unsafeClose()
  }

  const giveBack = Effect.suspend(() => {
    const refunds = unspent
    unspent = []
    // What cannot be given back is lost: it is never known whether it was.
    return refunds.length === 0 ? Effect.void : Effect.ignore(store.refund(refunds))
  })

  const round = Effect.zipRight(holding.await, Effect.sleep(sweepMillis)).pipe(
    Effect.zipRight(Effect.clockWith((clock) => Effect.sync(() => sweep(monotonicMillis(clock))))),
    Effect.zipRight(giveBack)
  )

  yield* Effect.forkScoped(Effect.forever(round))
  yield* Effect.addFinalizer(() =>
    Effect.zipRight(
      Effect.sync(() => sweep(Number.POSITIVE_INFINITY)),
      giveBack
    )
  )

  const limiter: RateLimiterService = {
    isExact: false,
    chargeNow: ({ id, rateLimits }, cost, { monotonic }) => {
      const held = holdings.get(id)
      if (held === undefined || held.limits !== rateLimits || held.left < cost || held.until <= monotonic) return null
      held.left -= cost
      return withLeft(held.statuses, held.left)
    },
    charge: (key: LimitedKey, cost) =>
      Effect.clockWith((clock) => {
        const now = monotonicMillis(clock)
        // Somebody else's charge may have brought permits meanwhile.
        const known = limiter.chargeNow(key, cost, { millis: 0, monotonic: now })
        if (known !== null) return Effect.succeed(known)
        const ahead = asking.has(key.id) ? 0 : pace.ahead(key.id, cost, now)
        if (ahead > 0) asking.add(key.id)
        return charge({ keyId: key.id, limits: key.rateLimits, cost, ahead })
      }),
    reset: (id) =>
      Effect.suspend(() => {
        resets++
        holdings.delete(id)
        return store.reset(id)
      })
  }
  return limiter
})
