import { Cause, Effect, Exit } from "effect"
import { load } from "./load.js"
import { migrateForever, open } from "./migrations.js"

/** What a process can be asked to do. */
const jobs = { load, open, migrateForever }

export type Jobs = typeof jobs

const run = (job: keyof Jobs, input: never): void => {
  process.send?.({ _tag: "Started" })
  Effect.runPromiseExit(jobs[job](input) as Effect.Effect<unknown, unknown>).then((exit) => {
    const message = Exit.isSuccess(exit)
      ? { _tag: "Done", result: exit.value }
      : { _tag: "Failed", reason: Cause.pretty(exit.cause) }
    process.send?.(message)
  })
}

process.on("message", ({ input, job }: { readonly job: keyof Jobs; readonly input: never }) => run(job, input))
process.once("disconnect", () => process.exit())
process.send?.({ _tag: "Ready" })
