import { Effect } from "effect"

/** Lets so many effects run at a time, in the order in which they came. */
export interface Permits {
  readonly withPermit: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whether somebody waits just now. */
  readonly areWaitedFor: () => boolean
}

/**
 * Makes permits that are handed from each to the next. Who waits for the driver's pool cannot be called off, and
 * Effect's semaphore wakes everybody whenever a permit is given back.
 */
export const makePermits = (count: number): Permits => {
  const waiting = new Set<() => void>()
  let free = count

  const release = (): void => {
    const [next] = waiting
    if (next === undefined) {
      free += 1
      return
    }
    waiting.delete(next)
    next()
  }

  const take = Effect.async<void>((resume) => {
    const enter = () => resume(Effect.void)
    if (free === 0) {
      waiting.add(enter)
    } else {
      free -= 1
      enter()
    }
    // Who is interrupted once it was handed the permit, but before it went on, passes it along.
    return Effect.sync(() => {
      if (!waiting.delete(enter)) release()
    })
  })

  return {
    withPermit: (self) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.zipRight(restore(take), Effect.ensuring(restore(self), Effect.sync(release)))
      ),
    areWaitedFor: () => waiting.size > 0
  }
}
