// A process that does one job and ends: what one leaves behind, in compiled code and on the heap, is no other's.
import { once } from "node:events"
import { openBench } from "../contenders/Bench.js"
import { askTwice } from "../exactness/Admission.js"
import { admissions } from "../exactness/admissions.js"
import { comparisons } from "../rows/registry.js"
import type { Jobs, Kind, Outcome, Results } from "./Job.js"
import { runComparison } from "./runComparison.js"

const runOne = ({ name, scale, servers, wanted }: Jobs["comparison"]): Promise<Results["comparison"]> => {
  const comparison = comparisons.find((each) => each.name === name)
  if (comparison === undefined) throw new Error(`There is no comparison ${name}`)
  return runComparison(comparison, wanted, scale, servers)
}

const askOne = async ({ id, scale, servers }: Jobs["admission"]): Promise<Results["admission"]> => {
  const admission = admissions.find((each) => each.id === id)
  if (admission === undefined) throw new Error(`There is no round of exactness ${id}`)
  const bench = await openBench(scale, servers)
  try {
    return await askTwice(admission, bench)
  } finally {
    await bench.close()
  }
}

const carryOut = async (job: Jobs[Kind]): Promise<Outcome> => {
  try {
    return { result: await (job.kind === "comparison" ? runOne(job) : askOne(job)) }
  } catch (error) {
    return { error: error instanceof Error ? String(error.stack) : String(error) }
  }
}

process.on("disconnect", () => process.exit())

const [job] = (await once(process, "message")) as [Jobs[Kind]]
process.send?.(await carryOut(job), () => process.exit())
