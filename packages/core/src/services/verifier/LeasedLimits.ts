import { Clock, Effect, Exit } from "effect"
import type { StoreError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import {
  isUncharged,
  type LeaseOutcome,
  type LeaseRequest,
  type Locked,
  type RateLimitCharge,
  type RateLimitRefund,
  RateLimitStore
} from "../../ports/RateLimitStore.js"
import { makeBatches } from "./Batches.js"
import { callback } from "./Caller.js"
import { chargeBounds, chargeFailed, makeLook } from "./ExactLimits.js"
import { Holdings } from "./Holdings.js"
import { Pace } from "./Pace.js"
import type { Charged, RateLimiterService } from "./RateLimiterService.js"
import { monotonicMillis, type Times, timesOf } from "./Times.js"

/** Permits are spent in this share of their life, so that what is left of them returns within it. */
const spending = 0.8

/** So many keys have permits taken in one go, where not more are called. */
const together = 32

/** In this time permits of others return, where these are not held up. */
const patienceMillis = 50

/** When what could not be given back, since a key was locked, is tried again; and how often where the client closes. */
const againMillis = 5
const lastTries = 40

/** Waiting for others is of this machine, whatever clock a test sets for the rules. */
const machineClock = Clock.make()

/**
 * A charge in the store takes permits ahead where calls of the key come often, and those that follow spend them here.
 * A permit counts in the store from when it was taken, so all processes together never admit one too many. None is
 * refused for want of a permit that this process has itself.
 */
export const makeLeasedLimits = Effect.gen(function* () {
  const store = yield* RateLimitStore
  const pace = new Pace()
  const holdings = new Holdings((lease) => pace.ended(lease))
  /** One thing at a time goes to the store: whoever is refused has seen all that was given back. */
  const turn = yield* Effect.makeSemaphore(1)
  /** Open while there are permits at hand. */
  const holding = yield* Effect.makeLatch(false)
  /** Open once permits at hand are due before the sweep that was to come. */
  const sooner = yield* Effect.makeLatch(false)
  /** Of the keys whose calls wait before they are refused. */
  const moments = new Map<KeyId, Effect.Latch>()
  let sweepsAt = Number.POSITIVE_INFINITY

  const owe = (refunds: ReadonlyArray<RateLimitRefund>, now: number): void => {
    if (refunds.length === 0) return
    holdings.putBack(refunds, now + againMillis)
    holding.unsafeOpen()
    if (holdings.due < sweepsAt) sooner.unsafeOpen()
  }

  const giveBack = Effect.clockWith((clock) => {
    const refunds = holdings.takeAside()
    if (refunds.length === 0) return Effect.void
    for (const refund of refunds) pace.returned(refund)
    // What cannot be given back is lost, but for what is locked: it is never known whether it was.
    return Effect.match(store.refund(refunds), {
      onFailure: () => undefined,
      onSuccess: (locked) => owe(locked, monotonicMillis(clock))
    })
  })

  const hold = (call: LeaseRequest, { lease, outcome }: LeaseOutcome, began: Times, now: number) => {
    const taken = (outcome.allowed ? call.cost : 0) + (lease?.permits ?? 0)
    const millis = pace.heard(call.keyId, outcome.limits, taken, monotonicMillis(machineClock))
    if (lease === null) return outcome
    const until = Math.min(began.monotonic + lease.lifetimeMillis * spending, now + millis)
    return holdings.hold(call, lease, outcome, began, now, until)
  }

  /** Charges in the store, and takes in hand what permits come ahead. */
  const ask = (requests: ReadonlyArray<LeaseRequest>, clock: Clock.Clock) => {
    // Before the store is asked: the permits are dead here before they are by its time.
    const began = timesOf(clock)
    return Effect.map(store.lease(requests), (outcomes) => {
      const now = monotonicMillis(clock)
      const held = outcomes.map((outcome, i): Charged | Locked => {
        const request = requests[i] as LeaseRequest
        if (!isUncharged(outcome)) return hold(request, outcome, began, now)
        if (request.refund !== null && outcome._tag === "Locked") owe([request.refund], now)
        return outcome
      })
      if (!holdings.isEmpty) holding.unsafeOpen()
      if (holdings.due < sweepsAt) sooner.unsafeOpen()
      return held
    })
  }

  /** What is left of a lease of the same key is given back first: nobody is refused for want of it. */
  const withRefund = (request: Omit<LeaseRequest, "refund">, now: number): LeaseRequest => {
    holdings.putAside(request.keyId, now)
    const refund = holdings.takeAsideOf(request.keyId)
    if (refund !== null) pace.returned(refund)
    return { ...request, refund }
  }

  /** A transaction that is needed anyway takes permits of other keys along, which spares each of them one of its own. */
  const along = (called: number, now: number): ReadonlyArray<LeaseRequest> => {
    const count = Math.max(0, together - called)
    holdings.putEarlyAside(now, count - pace.spenders, (id) => pace.isRoomy(id))
    return pace.along(count, now, (id) => holdings.has(id, now)).map((key) => withRefund({ ...key, cost: 0 }, now))
  }

  /** Asks for permits ahead with the last call of each key: of what those before it left over. */
  const requestsOf = (calls: ReadonlyArray<RateLimitCharge>, now: number): ReadonlyArray<LeaseRequest> => {
    holdings.putEndedAside(now)
    const paying = new Map<KeyId, { readonly last: RateLimitCharge; readonly count: number }>()
    for (const call of calls) {
      if (call.cost > 0) paying.set(call.keyId, { last: call, count: (paying.get(call.keyId)?.count ?? 0) + 1 })
    }
    const called = calls.map((call) => {
      const { count, last } = paying.get(call.keyId) ?? { count: 0, last: null }
      const returning = withRefund({ ...call, ahead: 0 }, now)
      return call === last ? { ...returning, ahead: pace.ahead(call, count, now) } : returning
    })
    return [...called, ...along(calls.length, now)]
  }

  const chargeAll = Effect.fnUntraced(function* (
    calls: ReadonlyArray<RateLimitCharge>
  ): Effect.fn.Return<ReadonlyArray<Charged | Locked>, StoreError> {
    const clock = yield* Effect.clock
    const times = timesOf(clock)
    const now = times.monotonic
    // The charge before this one may have brought permits.
    const paid = calls.map((call) => holdings.spend(call.keyId, call.limits, call.cost, times))
    const unpaid = calls.filter((_, i) => paid[i] === null)
    const asked = unpaid.length === 0 ? [] : yield* ask(requestsOf(unpaid, now), clock)
    let next = 0
    // One that the store left out is missing here as well.
    return paid.map((outcome) => outcome ?? (asked[next++] as Charged | Locked))
  })

  const batches = makeBatches<RateLimitCharge, Charged, StoreError>({
    ...chargeBounds,
    run: (calls) => turn.withPermits(1)(chargeAll(calls)),
    keyOf: ({ keyId }) => keyId,
    onFull: chargeFailed("RateLimitStore.lease", true, "too many charges are waiting"),
    onMissing: chargeFailed("RateLimitStore.lease", false, "gave no answer")
  })

  const sweep = Effect.clockWith((clock) =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      holdings.sweep(now)
      pace.sweep(now)
      if (holdings.isEmpty) holding.unsafeClose()
      return turn.withPermits(1)(giveBack)
    })
  )

  const untilDue = Effect.clockWith((clock) => {
    sooner.unsafeClose()
    sweepsAt = holdings.due
    const millis = Math.max(0, Math.ceil(sweepsAt - monotonicMillis(clock)))
    return Effect.raceFirst(Effect.sleep(millis), sooner.await)
  })

  yield* Effect.forkScoped(Effect.forever(holding.await.pipe(Effect.zipRight(untilDue), Effect.zipRight(sweep))))
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      holdings.sweep(Number.POSITIVE_INFINITY)
      const pausing = Effect.withClock(Effect.sleep(againMillis), machineClock)
      const again = Effect.suspend(() => (holdings.owesNothing ? Effect.void : Effect.zipRight(pausing, giveBack)))
      return Effect.zipRight(giveBack, Effect.repeatN(again, lastTries))
    })
  )

  /** A moment in which permits return that others hold, and which the calls of a key share; `null` where there is none. */
  const patience = (id: KeyId): Effect.Effect<void> | null => {
    const shared = moments.get(id)
    if (shared !== undefined) return shared.await
    if (!pace.waits(id, monotonicMillis(machineClock))) return null
    const moment = Effect.unsafeMakeLatch(false)
    moments.set(id, moment)
    const over = Effect.sync(() => {
      moments.delete(id)
      moment.unsafeOpen()
    })
    const passing = Effect.zipRight(Effect.withClock(Effect.sleep(patienceMillis), machineClock), over)
    // Not a child of the call that came first: it may be interrupted.
    return Effect.zipRight(Effect.forkDaemon(passing), moment.await)
  }

  /** Charges once more before it refuses, where permits of others may return. */
  const patiently = (
    call: RateLimitCharge,
    answer: Exit.Exit<Charged, StoreError>
  ): Effect.Effect<Charged, StoreError> => {
    if (Exit.isFailure(answer) || isUncharged(answer.value)) return answer
    // Of a cost that never fits, nothing can return.
    if (answer.value.allowed || answer.value.retryAfterSeconds === null) return answer
    const wait = patience(call.keyId)
    return wait === null ? answer : Effect.zipRight(wait, batches.ask({ ...call }))
  }

  const begin: RateLimiterService["begin"] = ({ id, rateLimits }, cost, caller, land) => {
    const call = { keyId: id, limits: rateLimits, cost }
    batches.add(call, caller, (answer) => land(patiently(call, answer)))
  }

  const charge: RateLimiterService["charge"] = (key, cost) =>
    callback((caller, resume) => begin(key, cost, caller, resume))
  const lookAtEnded = makeLook(store)

  const limiter: RateLimiterService = {
    isExact: false,
    chargeNow: ({ id, rateLimits }, cost, times) => holdings.spend(id, rateLimits, cost, times),
    charge,
    begin,
    // With what this process has itself at hand.
    look: (key) =>
      Effect.flatMap(charge(key, 0), (outcome) => (isUncharged(outcome) ? lookAtEnded(key) : Effect.succeed(outcome))),
    // What was taken before is neither spent nor given back after it. Others do not wait for the key's row meanwhile.
    reset: (id) => {
      const forget = turn.withPermits(1)(Effect.sync(() => holdings.forget(id)))
      return Effect.zipRight(forget, Effect.ensuring(store.reset(id), forget))
    }
  }
  return limiter
})
