/** Makes this many calls, so many at a time. */
export type Run = (calls: number, inFlight: number) => void | Promise<void>

/** Calls that return at once: awaiting each would cost more than some of them. */
export const synchronously =
  (call: (index: number) => void): Run =>
  (calls) => {
    for (let index = 0; index < calls; index++) call(index)
  }

/** Calls that are awaited, one after the other or as many at a time as asked. */
export const awaited =
  (call: (index: number) => Promise<unknown>): Run =>
  async (calls, inFlight) => {
    let next = 0
    const worker = async () => {
      while (next < calls) await call(next++)
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
  }

/** In microseconds a call. */
export const timed = async (run: Run, calls: number, inFlight: number): Promise<number> => {
  const start = performance.now()
  const running = run(calls, inFlight)
  if (running !== undefined) await running
  return ((performance.now() - start) * 1000) / calls
}

/**
 * Warms up, for as long as given, and finds how many calls fill a round.
 *
 * @returns at least as many calls as are in flight at a time
 */
export const calibrate = async (
  run: Run,
  inFlight: number,
  warmUpMillis: number,
  roundMillis: number
): Promise<number> => {
  const end = performance.now() + warmUpMillis
  let calls = inFlight
  while (true) {
    const micros = await timed(run, calls, inFlight)
    const fitting = Math.max(inFlight, Math.round((roundMillis * 1000) / micros))
    if (performance.now() >= end) return fitting
    // A first call that compiles everything says little of the others.
    calls = Math.min(fitting, calls * 4)
  }
}
