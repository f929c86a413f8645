import { Cause, Effect, Exit } from "effect"

/** What a process can be asked to do. Input and result are plain data. */
export interface Jobs {
  readonly [job: string]: (input: never) => Effect.Effect<unknown, unknown>
}

/** Makes this process take up jobs, one after another. */
export const takeJobs = (jobs: Jobs): void => {
  process.on("message", ({ input, job }: { readonly job: string; readonly input: never }) => {
    process.send?.({ _tag: "Started" })
    const effect = jobs[job]?.(input) ?? Effect.dieMessage(`there is no job ${job}`)
    Effect.runPromiseExit(effect).then((exit) => {
      const message = Exit.isSuccess(exit)
        ? { _tag: "Done", result: exit.value }
        : { _tag: "Failed", reason: Cause.pretty(exit.cause) }
      process.send?.(message)
    })
  })
  process.once("disconnect", () => process.exit())
  process.send?.({ _tag: "Ready" })
}
