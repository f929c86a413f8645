import type { StoreError } from "@apikeys/core"
import { Effect } from "effect"
import type { Script } from "./Script.js"

/** Whose time counts: the server's, or that of Effect's `Clock`. */
export type StoreTime = "store" | "clock"

/** When a script runs, in milliseconds since the epoch. */
export interface ScriptTimes {
  /** By Effect's `Clock`, by which keys expire. */
  readonly clock: number
  /** By which is charged and counted: the same, or `null` where that is the server's. */
  readonly counting: number | null
}

/** Runs scripts that are told when that is. */
export const timedBy =
  (time: StoreTime) =>
  <A>(run: (script: () => Script<A>) => Effect.Effect<A, StoreError>) =>
  (script: (times: ScriptTimes) => Script<A>): Effect.Effect<A, StoreError> =>
    Effect.clockWith((clock) =>
      run(() => {
        const millis = clock.unsafeCurrentTimeMillis()
        return script({ clock: millis, counting: time === "store" ? null : millis })
      })
    )
