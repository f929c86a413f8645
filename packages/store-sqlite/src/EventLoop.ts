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
  /** Whether a piece may run in this turn; then it is to run at once. */
  readonly enter: () => boolean
  /** To run before each piece: waits for a turn in which it may. */
  readonly take: Effect.Effect<void>
}

/** Lets pass what fits into a slice of one turn of the event loop, at least one piece; the rest waits for the turns after. */
export const makeSlices = (sliceMillis: number): Slices => {
  let began: number | null = null
  const reset = () => {
    began = null
  }
  const enter = (): boolean => {
    if (began !== null) return performance.now() - began < sliceMillis
    began = performance.now()
    setImmediate(reset)
    return true
  }
  const take: Effect.Effect<void> = Effect.suspend(() => (enter() ? Effect.void : Effect.zipRight(nextTurn, take)))
  return { enter, take }
}

/** Runs a piece in this turn or in one after. */
export const inSlice = <A, E>({ enter, take }: Slices, piece: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => (enter() ? piece : Effect.zipRight(take, piece)))
