import { Effect } from "effect"
import { StoreError } from "../domain/Errors.js"

/** A store that keeps to its own deadline knows better what it waited for, so it is let speak first. */
const graceMillis = 25

/** What a call fails with that took too long. */
export const lateError = (operation: string): StoreError =>
  new StoreError({ operation, retryable: true, reason: "timeout" })

/** The deadline of a call that begins now, by the machine's clock: when it is, and how to keep it. */
export interface Deadline {
  /** In how many milliseconds it is; `Infinity` where there is none. */
  readonly millis: () => number
  /** Fails by then, whatever it is that takes so long, which is interrupted and not waited for. */
  readonly keep: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>
}

/** @param timeoutMillis how long a call may take; `Infinity` for any time */
export const deadlineOf = (operation: string, timeoutMillis: number): Deadline => {
  const at = performance.now() + timeoutMillis + graceMillis
  const millis = () => at - performance.now()
  const late = Effect.async<never, StoreError>((resume) => {
    const timer = setTimeout(() => resume(Effect.failSync(() => lateError(operation))), Math.max(0, millis()))
    return Effect.sync(() => clearTimeout(timer))
  })
  return {
    millis,
    keep: (effect) =>
      timeoutMillis < Number.POSITIVE_INFINITY ? Effect.raceFirst(Effect.disconnect(effect), late) : effect
  }
}

/**
 * Operations of a service that end by the deadline which begins with their call, however many members of a store they ask,
 * one after another.
 *
 * @param except those that do their work in bounded steps, however many these are
 */
export const inTime = <Operations extends object>(
  service: string,
  timeoutMillis: number,
  operations: Operations,
  except: ReadonlyArray<keyof Operations & string> = []
): Operations =>
  Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => {
      if (typeof operation !== "function" || except.includes(name as keyof Operations & string))
        return [name, operation]
      return [
        name,
        (...args: ReadonlyArray<unknown>) => {
          const result: unknown = operation(...args)
          return Effect.isEffect(result)
            ? Effect.suspend(() => deadlineOf(`${service}.${name}`, timeoutMillis).keep(result))
            : result
        }
      ]
    })
  ) as Operations
