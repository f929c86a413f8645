/** Makes this many calls, so many at a time. */
export type Run = (calls: number, inFlight: number) => Promise<void>

/**
 * After how many calls everybody gives way to the event loop. A server's requests come from there, so its timers run; a
 * loop of promises would keep them waiting, and with them what a cache is confirmed by.
 */
export const callsBetweenTurns = 100

const turn = () => new Promise(setImmediate)

/** Calls that return at once: awaiting each would cost more than some of them. */
export const synchronously =
  (call: (index: number) => void): Run =>
  async (calls) => {
    for (let index = 0; index < calls; index++) {
      if (index % callsBetweenTurns === 0) await turn()
      call(index)
    }
  }

/** Calls that are awaited, one after the other or as many at a time as asked. */
export const awaited =
  (call: (index: number) => Promise<unknown>): Run =>
  async (calls, inFlight) => {
    let next = 0
    const worker = async () => {
      while (next < calls) {
        const index = next++
        if (index % callsBetweenTurns === 0) await turn()
        await call(index)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
  }

/** In microseconds a call. */
export const timed = async (run: Run, calls: number, inFlight: number): Promise<number> => {
  const start = performance.now()
  await run(calls, inFlight)
  return ((performance.now() - start) * 1000) / calls
}

/** How many calls fill a round, at the speed that was measured last. */
export const callsIn = (roundMillis: number, micros: number, inFlight: number): number =>
  Math.max(inFlight, Math.round((roundMillis * 1000) / micros))

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
    const fitting = callsIn(roundMillis, micros, inFlight)
    if (performance.now() >= end) return fitting
    // A first call that compiles everything says little of the others.
    calls = Math.min(fitting, calls * 4)
  }
}
