import { Clock, DateTime, Effect } from "effect"
import type { KeyId } from "../domain/Ids.js"
import { type Usage, type UsageBatch, UsageStore, type UsageTotal } from "../ports/UsageStore.js"
import type { State } from "./State.js"

/** The port over a state. */
export const make = (state: State) =>
  UsageStore.of({
    record: (batch) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (batch.number > (state.usageBatches.get(batch.writer) ?? 0)) {
          state.usageBatches.set(batch.writer, batch.number)
          for (const use of batch.uses) addUse(state, use, now)
        }
        return { totals: totalsOf(state, batch), locked: [] }
      })
  })

/**
 * Adds uses of a key; of one that is not there, none.
 *
 * @param now by the clock of the store: nobody has used a key later than that
 */
export const addUse = (state: State, { count, keyId, lastUsedAt }: Usage, now: number): void => {
  const row = state.keys.get(keyId)
  if (row === undefined) return
  const newest = Math.max(lastUsedAt.epochMillis, row.lastUsedAt ?? Number.NEGATIVE_INFINITY)
  state.keys.set(keyId, Object.freeze({ ...row, useCount: row.useCount + count, lastUsedAt: Math.min(newest, now) }))
}

const totalsOf = (state: State, { uses }: UsageBatch): ReadonlyMap<KeyId, UsageTotal> => {
  const totals = new Map<KeyId, UsageTotal>()
  for (const { keyId } of uses) {
    const row = state.keys.get(keyId)
    if (row === undefined || row.lastUsedAt === null) continue
    totals.set(keyId, { useCount: row.useCount, lastUsedAt: DateTime.unsafeMake(row.lastUsedAt) })
  }
  return totals
}
