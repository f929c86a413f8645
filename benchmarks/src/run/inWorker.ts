import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Jobs, Kind, Outcome, Results } from "./Job.js"

const worker = fileURLToPath(new URL("worker.js", import.meta.url))

/** Does a job in a process of its own. */
export const inWorker = async <K extends Kind>(job: Jobs[K]): Promise<Results[K]> => {
  const child = fork(worker, { execArgv: [] })
  const ended = once(child, "exit")
  child.send(job)
  const outcome = await Promise.race([
    once(child, "message").then(([message]) => message as Outcome<K>),
    ended.then(([code, signal]) => ({ error: `its process ended with ${signal ?? `code ${code}`}` }))
  ])
  await ended
  if ("error" in outcome) throw new Error(`${"name" in job ? job.name : job.id}: ${outcome.error}`)
  return outcome.result
}
