import { calibrate, callsIn, type Run, timed } from "../measure/pace.js"
import type { Scale } from "../Scale.js"
import type { Bench } from "./Bench.js"

export type Unit = "µs" | "calls/s" | "requests/s" | "MiB"

/** What one go measured. */
export type Readings = Readonly<Partial<Record<Unit, number>>>

/** One of those that are measured in turn, ready to go. */
export interface Contender {
  /** Before the first round of a load: as many calls at a time as given. */
  readonly warmUp: (load: number) => Promise<void>
  readonly go: (load: number) => Promise<Readings>
  readonly close: () => void | Promise<void>
}

export type Open = (bench: Bench) => Contender | Promise<Contender>

const nothing = () => undefined

export const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** A contender that is called in this process. */
export const caller = (
  { quick: _, ...scale }: Scale,
  options: {
    readonly run: Run
    /** Whether it writes behind its calls. */
    readonly writesBehind?: boolean
    readonly close?: () => void | Promise<void>
  }
): Contender => {
  const calls = new Map<number, number>()
  return {
    warmUp: async (load) => {
      calls.set(load, await calibrate(options.run, load, scale.warmUpMillis, scale.roundMillis))
      if (options.writesBehind) await pause(scale.settleMillis)
    },
    go: async (load) => {
      const micros = await timed(options.run, calls.get(load) ?? load, load)
      // One that a warm-up met in a slow moment fills its rounds nevertheless.
      calls.set(load, callsIn(scale.roundMillis, micros, load))
      if (options.writesBehind) await pause(scale.settleMillis)
      return { µs: micros, "calls/s": 1e6 / micros }
    },
    close: options.close ?? nothing
  }
}
