import type { StoreError } from "@apikeys/core"
import { Effect } from "effect"
import type { Script } from "./Script.js"

/** Whose time counts: the server's, or that of Effect's `Clock`. */
export type StoreTime = "store" | "clock"

/** Runs scripts that are given the time of Effect's `Clock` where that is the one that counts, else `null`. */
export const timedBy =
  (time: StoreTime) =>
  <A>(run: (script: () => Script<A>) => Effect.Effect<A, StoreError>) =>
  (script: (clock: number | null) => Script<A>): Effect.Effect<A, StoreError> =>
    time === "store"
      ? run(() => script(null))
      : Effect.clockWith((clock) => run(() => script(clock.unsafeCurrentTimeMillis())))
