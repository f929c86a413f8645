import { Effect } from "effect"

/** Waits until timers and sockets had their turn. Effect's own yielding gives way to other fibers alone. */
const nextTurn = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

/** Sleeps by the machine's clock, whatever clock a test sets. */
export const pause = (millis: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })

/**
 * Makes an effect to run before each piece of synchronous work: it lets pass what fits into a slice of one turn
 * of the event loop, at least one piece, and has the rest wait for the turns after.
 */
export const makeTurns = (sliceMillis: number): Effect.Effect<void> => {
  let began: number | null = null
  const take: Effect.Effect<void> = Effect.suspend(() => {
    if (began === null) {
      began = performance.now()
      setImmediate(() => {
        began = null
      })
      return Effect.void
    }
    return performance.now() - began < sliceMillis ? Effect.void : Effect.zipRight(nextTurn, take)
  })
  return take
}
