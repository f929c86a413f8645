import type { Servers } from "../contenders/Bench.js"
import type { Admission, Admitted } from "../exactness/Admission.js"
import type { Scale } from "../Scale.js"
import { inWorker } from "./inWorker.js"

/** Asks each for twice its limit, each in a process of its own, and says how many calls it admitted. */
export const askAdmissions = async (
  admissions: ReadonlyArray<Admission>,
  scale: Scale,
  servers: Servers
): Promise<ReadonlyArray<Admitted>> => {
  const answers: Array<Admitted> = []
  if (admissions.length > 0) console.log("\nTwice as many calls as the limit allows, all at once …")
  for (const { id } of admissions) {
    const answer = await inWorker<"admission">({ kind: "admission", id, scale, servers })
    const { admitted, contender, exact, limit } = answer
    console.log(`  ${contender.padEnd(60)} ${admitted} of ${limit}  ${exact ? "exact" : "NOT EXACT"}`)
    answers.push(answer)
  }
  return answers
}
