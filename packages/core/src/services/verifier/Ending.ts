import { type Clock, type Context, Effect, Exit } from "effect"
import type { StoreError } from "../../domain/Errors.js"
import { deadlineOf, lateError } from "../Deadline.js"
import type { Caller } from "./Caller.js"
import type { Telemetry } from "./Telemetry.js"
import { monotonicMillis } from "./Times.js"

/** Of a call that verifies, whichever of a store's members it waits for. */
const operation = "KeyVerifier.validateKey"

/** Who waits for a call, until that has ended. */
class CallerUntil implements Caller {
  readonly #caller: Caller
  readonly #hasEnded: () => boolean

  constructor(caller: Caller, hasEnded: () => boolean) {
    this.#caller = caller
    this.#hasEnded = hasEnded
  }

  get context(): Context.Context<never> {
    return this.#caller.context
  }

  get isGone(): boolean {
    return this.#hasEnded() || this.#caller.isGone
  }

  get lasting(): Caller {
    return this.#caller.lasting
  }

  fork(effect: Effect.Effect<void>): void {
    this.#caller.fork(effect)
  }
}

/** The end of a call that went to the store. */
export interface Ending<A, E> {
  /** Who waits for it, until it has ended. */
  readonly caller: Caller
  readonly end: (answer: Effect.Effect<A, E>) => void
  /** Plain code that is called back must not throw: that would take those with it who are called after. */
  readonly safely: (run: () => void) => void
}

/**
 * How calls that go to the store end: once, and by the deadline that begins with the call. So nobody waits longer for all of
 * what may come before them, one after another: a batch, a connection, a lock, a repetition.
 *
 * @param timeoutMillis how long a call may take
 */
export const makeEndings =
  (telemetry: Telemetry, timeoutMillis: number) =>
  <A, E extends { readonly _tag: string }>(
    clock: Clock.Clock,
    waiting: Caller,
    resume: (answer: Effect.Effect<A, E | StoreError>) => void
  ): Ending<A, E | StoreError> => {
    const began = monotonicMillis(clock)
    const deadline = deadlineOf(operation, timeoutMillis)
    let hasEnded = false

    const count = (outcome: string): void => {
      telemetry.took(monotonicMillis(clock) - began)
      telemetry.count(outcome)
    }

    const end = (answer: Effect.Effect<A, E | StoreError>): void => {
      if (hasEnded) return
      hasEnded = true
      clearTimeout(timer)
      // Nobody waits for what else there may be to do.
      if (waiting.isGone) return count("interrupted")
      if (Exit.isExit(answer)) {
        const exit = answer as Exit.Exit<A, E | StoreError>
        count(outcomeOf(exit))
        return resume(exit)
      }
      resume(Effect.onExit(deadline.keep(answer), (exit) => Effect.sync(() => count(outcomeOf(exit)))))
    }

    // What the store itself waits for keeps the process alive.
    const timer =
      timeoutMillis < Number.POSITIVE_INFINITY
        ? setTimeout(() => end(Exit.fail(lateError(operation))), deadline.millis()).unref()
        : undefined

    const safely = (run: () => void): void => {
      try {
        run()
      } catch (defect) {
        end(Exit.die(defect))
      }
    }

    return { caller: new CallerUntil(waiting, () => hasEnded), end, safely }
  }

const outcomeOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string => {
  if (Exit.isSuccess(exit)) return "passed"
  if (exit.cause._tag === "Fail") return exit.cause.error._tag
  return Exit.isInterrupted(exit) ? "interrupted" : "defect"
}
