import { Effect } from "effect"
import { type Change, KeyChanges } from "../ports/KeyChanges.js"
import type { State } from "./State.js"

/**
 * The port over a state. There is no log to read and no time that passes: whoever makes a change tells of it, before
 * anybody else could come in between.
 */
export const make = (state: State) =>
  KeyChanges.of({
    follow: (onConfirmation) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => {
            const confirm = (changes: ReadonlyArray<Change>) =>
              onConfirmation({ asOf: Number.POSITIVE_INFINITY, changes, missed: false })
            const follower = (change: Change) => confirm([change])
            state.followers.add(follower)
            confirm([])
            return follower
          }),
          (follower) => Effect.sync(() => state.followers.delete(follower))
        )
      )
  })
