import { type Context, Effect, Exit } from "effect"

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

class Waiting<Request, Answer, E> {
  readonly request: Request
  readonly context: Context.Context<never>
  resume: ((answer: Effect.Effect<Answer, E>) => void) | null = null
  answer: Effect.Effect<Answer, E> | null = null
  abandoned = false

  constructor(request: Request, context: Context.Context<never>) {
    this.request = request
    this.context = context
  }

  complete(answer: Effect.Effect<Answer, E>): void {
    this.answer = answer
    this.resume?.(answer)
  }
}

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
}: BatchOptions<Request, Answer, E>): ((request: Request) => Effect.Effect<Answer, E>) => {
  type Item = Waiting<Request, Answer, E>
  let queue: Array<Item> = []
  let underWay = 0

  const take = (): ReadonlyArray<Item> => {
    const batch = queue.length <= size ? queue : queue.slice(0, size)
    queue = queue.length <= size ? [] : queue.slice(size)
    return batch.filter(({ abandoned }) => !abandoned)
  }

  const settle = (batch: ReadonlyArray<Item>, exit: Exit.Exit<ReadonlyArray<Answer>, E>): void => {
    for (const [i, item] of batch.entries()) {
      const answer = Exit.isSuccess(exit) ? exit.value[i] : undefined
      if (Exit.isFailure(exit)) item.complete(Exit.failCause(exit.cause))
      else item.complete(answer === undefined ? Effect.fail(onMissing()) : Effect.succeed(answer))
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
      Effect.mapInputContext((_: Context.Context<never>) => first.context),
      Effect.exit,
      Effect.flatMap((exit) => {
        settle(batch, exit)
        return drain
      })
    )
  })

  const answerOf = (item: Item): Effect.Effect<Answer, E> =>
    Effect.async((resume) => {
      if (item.answer !== null) {
        resume(item.answer)
        return
      }
      item.resume = resume
      return Effect.sync(() => {
        item.resume = null
        item.abandoned = true
      })
    })

  return (request) =>
    Effect.withFiberRuntime((fiber) => {
      if (queue.length >= capacity) return Effect.fail(onFull())
      const item: Item = new Waiting(request, fiber.currentContext as Context.Context<never>)
      queue.push(item)
      if (underWay >= concurrency) return answerOf(item)
      underWay++
      // Not a child of the caller. It starts once this tick's other fibers have asked, too.
      return Effect.zipRight(Effect.forkDaemon(drain), answerOf(item))
    })
}
