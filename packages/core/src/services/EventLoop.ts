import { Effect } from "effect"

/** Goes on after everything else that waits for the event loop: a yield of fibers keeps it to them. */
export const turn: Effect.Effect<void> = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})
