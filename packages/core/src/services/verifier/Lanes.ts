import { Clock, type Context, Effect } from "effect"
import type { Caller } from "./Caller.js"

/** Locks are of the database, whatever clock a test sets for the rules. */
const machineClock = Clock.make()

/** The longest that a lane waits before it asks again. */
const longestPause = 20

/** Grows with each time that the lock was not had; by chance, so that two processes do not always meet. */
const pauseAfter = (attempts: number): number => 1 + Math.random() * Math.min(longestPause, 2 * 1.5 ** attempts)

/** What waits for one key. */
interface Lane<Item> {
  items: Array<Item>
  attempts: number
  /** When to ask again, by the machine's clock. */
  due: number
}

/** Where what could not be carried out waits, each key for itself, while everything else goes on. */
export interface Lanes<Item> {
  /** How many wait. */
  readonly size: () => number
  /** Adds what is of a key that is waited for, after what waits already; `false` where the key is not. */
  readonly join: (item: Item) => boolean
  /** Begins lanes of what was not carried out, or puts it back, before what came meanwhile. */
  readonly hold: (items: ReadonlyArray<Item>) => void
}

/** What lanes need to know of what waits in them. */
export interface LanesOptions<Item> {
  readonly keyOf: (item: Item) => string
  readonly callerOf: (item: Item) => Caller
  /** How many go at once at most. */
  readonly batch: number
  /** Leaves out those whom nobody waits for. */
  readonly present: (items: ReadonlyArray<Item>) => Array<Item>
  /** Carries items out together, and gives those that it could not. */
  readonly carryOut: (items: ReadonlyArray<Item>) => Effect.Effect<ReadonlyArray<Item>>
}

/**
 * Asks again and again, rather than in one statement that waits: that would take a connection for each key that is locked,
 * and there are few.
 */
export const makeLanes = <Item>({ batch, callerOf, carryOut, keyOf, present }: LanesOptions<Item>): Lanes<Item> => {
  const lanes = new Map<string, Lane<Item>>()
  let waiting = 0
  let isDriven = false

  /** What is due, as many as go at once. */
  const take = (now: number): ReadonlyArray<Item> => {
    const taken: Array<Item> = []
    for (const [key, lane] of lanes) {
      if (lane.due > now || taken.length >= batch) continue
      const before = lane.items.length
      const items = present(lane.items)
      const going = items.splice(0, batch - taken.length)
      lane.items = items
      waiting -= before - items.length
      taken.push(...going)
      if (going.length === 0) lanes.delete(key)
    }
    return taken
  }

  const hold: Lanes<Item>["hold"] = (items) => {
    const [first] = items
    if (first === undefined) return
    for (const item of [...items].reverse()) {
      const lane = lanes.get(keyOf(item)) ?? { items: [], attempts: 0, due: 0 }
      lanes.set(keyOf(item), lane)
      lane.items.unshift(item)
    }
    waiting += items.length
    for (const key of new Set(items.map(keyOf))) {
      const lane = lanes.get(key) as Lane<Item>
      lane.due = performance.now() + pauseAfter(lane.attempts++)
    }
    drive(callerOf(first).lasting)
  }

  /** Lanes of keys that were not locked any more go on at once, or end. */
  const settle = (taken: ReadonlyArray<Item>, held: ReadonlyArray<Item>): void => {
    const locked = new Set(held.map(keyOf))
    for (const key of new Set(taken.map(keyOf))) {
      const lane = lanes.get(key)
      if (lane === undefined || locked.has(key)) continue
      if (lane.items.length === 0) lanes.delete(key)
      else Object.assign(lane, { attempts: 0, due: 0 })
    }
    hold(held)
  }

  const round: Effect.Effect<void> = Effect.suspend(() => {
    const now = performance.now()
    const taken = take(now)
    const [first] = taken
    if (first === undefined) {
      const due = Math.min(longestPause + now, ...[...lanes.values()].map((lane) => lane.due))
      return Effect.withClock(Effect.sleep(Math.max(1, due - now)), machineClock)
    }
    return carryOut(taken).pipe(
      Effect.mapInputContext((_: Context.Context<never>) => callerOf(first).context),
      Effect.map((held) => settle(taken, held))
    )
  })

  const isBusy = (): boolean => {
    isDriven = lanes.size > 0
    return isDriven
  }

  const drive = (caller: Caller): void => {
    if (isDriven) return
    isDriven = true
    caller.fork(Effect.whileLoop({ while: isBusy, body: () => round, step: () => undefined }))
  }

  return {
    size: () => waiting,
    join: (item) => {
      const lane = lanes.get(keyOf(item))
      if (lane === undefined) return false
      lane.items.push(item)
      waiting++
      return true
    },
    hold
  }
}
