import { Cause, Effect, Exit, Fiber, Layer, ManagedRuntime } from "effect"
import { type InvalidInputError, StoreError } from "../domain/Errors.js"
import type { StoreLayer } from "../ports/Store.js"
import type { ApiKeys } from "../services/ApiKeys.js"
import { KeyVerifier } from "../services/KeyVerifier.js"
import type { Tenants } from "../services/Tenants.js"
import type { KeyVerifierService } from "../services/verifier/KeyVerifierService.js"

type Services = ApiKeys | KeyVerifier | Tenants

/** The services of one client, run as promises, until it is closed. */
export interface ClientRuntime {
  /** What can be said at once, without a fiber; `null` where that is nothing, also since it is closed. */
  readonly attempt: KeyVerifierService["attempt"]
  readonly complete: KeyVerifierService["complete"]
  /** Rejects with the very error that the effect fails with. */
  readonly run: <A, E>(operation: string, effect: Effect.Effect<A, E, Services>) => Promise<A>
  /** Lets calls that are under way end, and returns how many uses could not be flushed. The first call decides. */
  readonly close: (timeoutMillis: number) => Promise<number>
}

const closedError = (operation: string) =>
  new StoreError({ operation, retryable: false, reason: "the client is closed" })

/**
 * Builds the services over a store; rejects, with nothing left open, where that fails.
 *
 * @param check comes first: a store is not opened, let alone made, for options that break a rule
 */
export const openRuntime = async (
  check: Effect.Effect<unknown, InvalidInputError>,
  services: Layer.Layer<Services, InvalidInputError, Layer.Layer.Success<StoreLayer>>,
  store: StoreLayer
): Promise<ClientRuntime> => {
  const opened = Layer.unwrapEffect(Effect.as(check, Layer.provide(services, store)))
  const managed = ManagedRuntime.make(opened)
  const built = await managed.runPromiseExit(KeyVerifier)
  if (Exit.isFailure(built)) {
    await managed.dispose()
    throw Cause.squash(built.cause)
  }
  const verifier = built.value
  const underWay = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  let closing: Promise<number> | null = null

  const run: ClientRuntime["run"] = (operation, effect) =>
    new Promise((resolve, reject) => {
      if (closing !== null) return reject(closedError(operation))
      const fiber = managed.runFork(effect)
      underWay.add(fiber)
      fiber.addObserver((exit) => {
        underWay.delete(fiber)
        if (Exit.isSuccess(exit)) return resolve(exit.value)
        // Only closing interrupts: a call that took longer than closing waits.
        reject(Cause.isInterruptedOnly(exit.cause) ? closedError(operation) : Cause.squash(exit.cause))
      })
    })

  const shutDown = Effect.fnUntraced(function* (timeoutMillis: number) {
    const deadline = performance.now() + timeoutMillis
    const calls = [...underWay]
    yield* Effect.timeoutOption(Fiber.awaitAll(calls), timeoutMillis)
    const unflushed = yield* verifier.flush(Math.max(0, deadline - performance.now()))
    yield* Effect.forEach(calls, Fiber.interruptFork, { discard: true })
    return unflushed
  })

  return {
    attempt: (plaintext, options) => (closing === null ? verifier.attempt(plaintext, options) : null),
    complete: verifier.complete,
    run,
    close: (timeoutMillis) => {
      closing ??= managed.runPromise(shutDown(timeoutMillis)).finally(() => managed.dispose())
      return closing
    }
  }
}
