import { openBench, type Servers } from "../contenders/Bench.js"
import type { Contender, Readings } from "../contenders/Contender.js"
import { interleave } from "../measure/interleave.js"
import type { Comparison } from "../rows/Comparison.js"
import type { Scale } from "../Scale.js"

/** What of a comparison is wanted. */
export interface Wanted {
  readonly contenders: ReadonlyArray<string>
  readonly loads: ReadonlyArray<number>
}

/** The rounds of a contender under a load. */
export interface Sample {
  readonly contender: string
  readonly load: number
  readonly rounds: ReadonlyArray<Readings>
}

export const runComparison = async (
  { contenders, loads, rounds }: Comparison,
  wanted: Wanted,
  scale: Scale,
  servers: Servers
): Promise<ReadonlyArray<Sample>> => {
  const bench = await openBench(scale, servers)
  const opened: Array<readonly [string, Contender]> = []
  try {
    // One after the other, since the first may make what the others need.
    for (const [name, open] of Object.entries(contenders)) {
      if (wanted.contenders.includes(name)) opened.push([name, await open(bench)])
    }
    const samples: Array<Sample> = []
    for (const load of loads) {
      if (!wanted.loads.includes(load)) continue
      for (const [, contender] of opened) await contender.warmUp(load)
      const measured = await interleave(opened, rounds?.(scale) ?? scale.rounds, ([, contender]) => contender.go(load))
      for (const [[contender], readings] of measured) samples.push({ contender, load, rounds: readings })
    }
    return samples
  } finally {
    for (const [, contender] of opened) await contender.close()
    await bench.close()
  }
}
