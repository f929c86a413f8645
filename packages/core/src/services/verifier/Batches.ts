import { type Context, Effect, Exit, FiberId } from "effect"
import { type Caller, callback } from "./Caller.js"

/** How requests are gathered. */
export interface BatchOptions<Request, Answer, E> {
  /** Answers requests together, in their order. */
  readonly run: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Answer>, E>
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

/**
 * Goes once for many: requests that arrive together, or while others are under way, make one batch. One that comes
 * alone goes at once. A caller that is interrupted takes nobody else's request with it; its own is left out if it has
 * not gone yet.
 */
export const makeBatches = <Request, Answer, E>({
  capacity,
  concurrency,
  onFull,
  onMissing,
  run,
  size
}: BatchOptions<Request, Answer, E>): Batches<Request, Answer, E> => {
  type Item = Waiting<Request, Answer, E>
  let queue: Array<Item> = []
  let underWay = 0

  const take = (): ReadonlyArray<Item> => {
    const batch = queue.length <= size ? queue : queue.slice(0, size)
    queue = queue.length <= size ? [] : queue.slice(size)
    return batch.filter(({ caller, land }) => {
      if (!caller.isGone) return true
      land(nobody)
      return false
    })
  }

  const settle = (batch: ReadonlyArray<Item>, exit: Exit.Exit<ReadonlyArray<Answer>, E>): void => {
    for (let i = 0; i < batch.length; i++) {
      const item = batch[i] as Item
      if (Exit.isFailure(exit)) {
        item.land(Exit.failCause(exit.cause))
      } else {
        const answer = exit.value[i]
        item.land(answer === undefined ? Exit.fail(onMissing()) : Exit.succeed(answer))
      }
    }
  }

  const drain: Effect.Effect<void> = Effect.suspend(() => {
    const batch = take()
    const [first] = batch
    if (first === undefined) {
      if (queue.length > 0) return drain
      underWay--
      return Effect.void
    }
    return Effect.suspend(() => run(batch.map(({ request }) => request))).pipe(
      // A batch is told of where the first of its requests is.
      Effect.mapInputContext((_: Context.Context<never>) => first.caller.context),
      Effect.exit,
      Effect.flatMap((exit) => {
        settle(batch, exit)
        return queue.length === 0 ? drain : Effect.zipRight(turn, drain)
      })
    )
  })

  const add: Batches<Request, Answer, E>["add"] = (request, caller, land) => {
    if (queue.length >= capacity) return land(Exit.fail(onFull()))
    queue.push({ request, caller, land })
    if (underWay >= concurrency) return
    underWay++
    caller.fork(drain)
  }

  return { add, ask: (request) => callback((caller, resume) => add(request, caller, resume)) }
}
