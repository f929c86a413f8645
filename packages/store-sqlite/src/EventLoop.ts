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

/** Keeps synchronous work from having the event loop to itself. */
export interface Slices {
  /** Whether a piece that comes now need not wait. */
  readonly isOpen: () => boolean
  /** To run before each piece. */
  readonly take: Effect.Effect<void>
}

/** Lets pass what fits into a slice of one turn of the event loop, at least one piece; the rest waits for the turns after. */
export const makeSlices = (sliceMillis: number): Slices => {
  let began: number | null = null
  const isOpen = () => began === null || performance.now() - began < sliceMillis
  const take: Effect.Effect<void> = Effect.suspend(() => {
    if (began === null) {
      began = performance.now()
      setImmediate(() => {
        began = null
      })
      return Effect.void
    }
    return isOpen() ? Effect.void : Effect.zipRight(nextTurn, take)
  })
  return { isOpen, take }
}

/** The same, where nobody asks before whether he has to wait. */
export const makeTurns = (sliceMillis: number): Effect.Effect<void> => makeSlices(sliceMillis).take
