import { Effect } from "effect"
import { type Change, type Confirmation, KeyChanges } from "../ports/KeyChanges.js"

/** A confirmation, and when it arrived by the same clock. */
export interface Arrival extends Confirmation {
  readonly arrived: number
}

/** What a follower was told so far. */
export interface Watched {
  readonly confirmations: ReadonlyArray<Arrival>
  readonly changes: () => ReadonlyArray<Change>
  readonly mentions: (id: string) => boolean
  /** Waits until the confirmations are as wanted. */
  readonly until: (holds: (confirmations: ReadonlyArray<Arrival>) => boolean) => Effect.Effect<void>
  /** Waits until everything has been told that was committed before now. */
  readonly settled: Effect.Effect<void>
}

/** Follows the changes of a store for as long as the scope is open. */
export const watch = Effect.gen(function* () {
  const { follow } = yield* KeyChanges
  const clock = yield* Effect.clock
  const now = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
  const confirmations: Array<Arrival> = []
  yield* follow((confirmation) => void confirmations.push({ ...confirmation, arrived: now() }))
  const until: Watched["until"] = (holds) =>
    Effect.suspend(() => (holds(confirmations) ? Effect.void : Effect.zipRight(Effect.sleep("2 millis"), until(holds))))
  const changes = () => confirmations.flatMap((confirmation) => confirmation.changes)
  return {
    confirmations,
    changes,
    mentions: (id: string) => changes().some((change) => change._tag !== "Tenants" && change.id === id),
    until,
    settled: Effect.suspend(() => {
      const asked = now()
      return until((all) => (all.at(-1)?.asOf ?? 0) >= asked)
    })
  } satisfies Watched
})
