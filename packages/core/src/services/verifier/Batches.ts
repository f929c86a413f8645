import { type Context, Effect, Exit, FiberId } from "effect"
import type { Locked } from "../../ports/RateLimitStore.js"
import { type Caller, callback } from "./Caller.js"
import { exitOfOne } from "./exitOfOne.js"
import { type Lanes, makeLanes } from "./Lanes.js"

/** How requests are gathered. */
export interface BatchOptions<Request, Answer, E> {
  /** Answers requests together, in their order. */
  readonly run: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Answer | Locked>, E>
  /**
   * Of which key a request is, where one that is answered `Locked` is to wait until it is not, together with those of the
   * same key that come after it; `null` where nothing is.
   */
  readonly keyOf: ((request: Request) => string) | null
  /** How many requests one batch holds at most. */
  readonly size: number
  /** How many batches are under way at once. With one, requests are carried out in the order in which they came. */
  readonly concurrency: number
  /** How many requests wait at most; what comes beyond these fails. */
  readonly capacity: number
  /** What fails a request that may not wait, or that an answer leaves out. */
  readonly onFull: () => E
  readonly onMissing: () => E
}

export interface Batches<Request, Answer, E> {
  readonly ask: (request: Request) => Effect.Effect<Answer, E>
  /**
   * The same for plain code, which is called back with what came of it: not in this very call, unless the request may
   * not wait.
   */
  readonly add: (request: Request, caller: Caller, land: (exit: Exit.Exit<Answer, E>) => void) => void
}

interface Waiting<Request, Answer, E> {
  readonly request: Request
  readonly caller: Caller
  readonly land: (exit: Exit.Exit<Answer, E>) => void
}

/** For those who are gone. */
const nobody = Exit.interrupt(FiberId.none)

/**
 * Those who were just answered come again in this time, and go with the others: without it, one that came by itself once
 * would have a batch for itself each time, while all others wait.
 */
const turn = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

const isLocked = (answer: unknown): answer is Locked =>
  typeof answer === "object" && answer !== null && "_tag" in answer && answer._tag === "Locked"

/** Leaves out those who are gone. */
const present = <Item extends Waiting<unknown, never, never>>(items: ReadonlyArray<Item>): Array<Item> =>
  items.filter(({ caller, land }) => {
    if (!caller.isGone) return true
    land(nobody)
    return false
  })

/**
 * Goes once for many: requests that arrive together, or while others are under way, make one batch. One that comes
 * alone goes at once. A caller that is interrupted takes nobody else's request with it; its own is left out if it has
 * not gone yet.
 */
export const makeBatches = <Request, Answer, E>({
  capacity,
  concurrency,
  keyOf,
  onFull,
  onMissing,
  run,
  size
}: BatchOptions<Request, Answer, E>): Batches<Request, Answer, E> => {
  type Item = Waiting<Request, Answer, E>
  let queue: Array<Item> = []
  let underWay = 0

  /** Tells each what came of it, and gives those that have to wait for a lock. */
  const settle = (
    batch: ReadonlyArray<Item>,
    exit: Exit.Exit<ReadonlyArray<Answer | Locked>, E>
  ): ReadonlyArray<Item> => {
    const held: Array<Item> = []
    for (let i = 0; i < batch.length; i++) {
      const item = batch[i] as Item
      if (Exit.isFailure(exit)) {
        item.land(exitOfOne(Exit.failCause(exit.cause), i))
        continue
      }
      const answer = exit.value[i]
      if (isLocked(answer)) held.push(item)
      else item.land(answer === undefined ? Exit.fail(onMissing()) : Exit.succeed(answer))
    }
    return held
  }

  const carryOut = (batch: ReadonlyArray<Item>): Effect.Effect<ReadonlyArray<Item>> =>
    Effect.map(Effect.exit(Effect.suspend(() => run(batch.map(({ request }) => request)))), (exit) =>
      settle(batch, exit)
    )

  const lanes: Lanes<Item> | null =
    keyOf === null
      ? null
      : makeLanes<Item>({
          keyOf: ({ request }) => keyOf(request),
          callerOf: ({ caller }) => caller,
          batch: size,
          present,
          carryOut
        })

  const take = (): ReadonlyArray<Item> => {
    const batch = queue.length <= size ? queue : queue.slice(0, size)
    queue = queue.length <= size ? [] : queue.slice(size)
    const items = present(batch)
    // Those whose key turned out to be locked since they came go after the ones that wait for it.
    return lanes === null || lanes.size() === 0 ? items : items.filter((item) => !lanes.join(item))
  }

  const drain: Effect.Effect<void> = Effect.suspend(() => {
    const batch = take()
    const [first] = batch
    if (first === undefined) {
      if (queue.length > 0) return drain
      underWay--
      return Effect.void
    }
    return carryOut(batch).pipe(
      // A batch is told of where the first of its requests is.
      Effect.mapInputContext((_: Context.Context<never>) => first.caller.context),
      Effect.flatMap((held) => {
        lanes?.hold(held)
        return queue.length === 0 ? drain : Effect.zipRight(turn, drain)
      })
    )
  })

  const add: Batches<Request, Answer, E>["add"] = (request, caller, land) => {
    if (queue.length + (lanes?.size() ?? 0) >= capacity) return land(Exit.fail(onFull()))
    queue.push({ request, caller, land })
    if (underWay >= concurrency) return
    underWay++
    caller.fork(drain)
  }

  return { add, ask: (request) => callback((caller, resume) => add(request, caller, resume)) }
}
