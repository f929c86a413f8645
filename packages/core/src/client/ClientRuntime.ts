import { Cause, Effect, Exit, FiberId, Layer, ManagedRuntime } from "effect"
import { type InvalidInputError, StoreError } from "../domain/Errors.js"
import type { StoreLayer } from "../ports/Store.js"
import type { ApiKeys } from "../services/ApiKeys.js"
import { KeyVerifier } from "../services/KeyVerifier.js"
import type { Tenants } from "../services/Tenants.js"
import type { KeyVerifierService } from "../services/verifier/KeyVerifierService.js"
import type { ValidateKeyOptions } from "../services/verifier/ValidateKeyOptions.js"
import type { Verification } from "../services/verifier/Verifications.js"

type Services = ApiKeys | KeyVerifier | Tenants

/** The services of one client, run as promises, until it is closed. */
export interface ClientRuntime {
  /** What can be said at once, without a fiber; `null` where that is nothing, also since it is closed. */
  readonly attempt: KeyVerifierService["attempt"]
  /** What `attempt` says, or what it could not say, made plain. */
  readonly verify: <A>(
    operation: string,
    plaintext: string,
    options: ValidateKeyOptions | undefined,
    plain: (verification: Verification) => A
  ) => Promise<A>
  /** Rejects with the very error that the effect fails with. */
  readonly run: <A, E>(operation: string, effect: Effect.Effect<A, E, Services>) => Promise<A>
  /** The same of what may go on for ever: closing ends it at once, and waits for the other calls alone. */
  readonly runUntilClosed: <A, E>(operation: string, effect: Effect.Effect<A, E, Services>) => Promise<A>
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
  services: Layer.Layer<Services, InvalidInputError | StoreError, Layer.Layer.Success<StoreLayer>>,
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
  /** What ends each call that is under way. */
  const underWay = new Set<() => void>()
  /** Those of them that closing does not wait for. */
  const lasting = new Set<() => void>()
  let closing: Promise<number> | null = null
  let onIdle: () => void = () => undefined

  const ended = (end: () => void): void => {
    underWay.delete(end)
    lasting.delete(end)
    if (underWay.size === 0) onIdle()
  }

  const settle = <A>(
    operation: string,
    exit: Exit.Exit<A, unknown>,
    resolve: (value: A) => void,
    reject: (error: unknown) => void
  ): void => {
    if (Exit.isSuccess(exit)) return resolve(exit.value)
    // Only closing interrupts: a call that took longer than closing waits.
    reject(Cause.isInterruptedOnly(exit.cause) ? closedError(operation) : Cause.squash(exit.cause))
  }

  const launch = <A, E>(operation: string, effect: Effect.Effect<A, E, Services>, untilClosed = false): Promise<A> =>
    new Promise((resolve, reject) => {
      const fiber = managed.runFork(effect)
      const end = () => {
        fiber.unsafeInterruptAsFork(FiberId.none)
        // It may wait for something of the caller's, such as the source of an import.
        ended(end)
        reject(closedError(operation))
      }
      underWay.add(end)
      if (untilClosed) lasting.add(end)
      fiber.addObserver((exit) => {
        ended(end)
        settle(operation, exit, resolve, reject)
      })
    })

  const run: ClientRuntime["run"] = (operation, effect) =>
    closing === null ? launch(operation, effect) : Promise.reject(closedError(operation))

  const runUntilClosed: ClientRuntime["run"] = (operation, effect) =>
    closing === null ? launch(operation, effect, true) : Promise.reject(closedError(operation))

  const attempt: ClientRuntime["attempt"] = (plaintext, options) =>
    closing === null ? verifier.attempt(plaintext, options) : null

  const complete: ClientRuntime["verify"] = (operation, plaintext, options, plain) =>
    new Promise((resolve, reject) => {
      if (closing !== null) return reject(closedError(operation))
      let waits = true
      const end = () => {
        waits = false
        ended(end)
        reject(closedError(operation))
      }
      underWay.add(end)
      const resume = (answer: Effect.Effect<Verification, unknown>): void => {
        if (Exit.isExit(answer)) settle(operation, Exit.map(answer as Exit.Exit<Verification>, plain), resolve, reject)
        else resolve(launch(operation, Effect.map(answer, plain)))
        ended(end)
      }
      verifier.complete(plaintext, options, resume, () => waits)
    })

  const verify: ClientRuntime["verify"] = (operation, plaintext, options, plain) => {
    try {
      const known = attempt(plaintext, options)
      if (known !== null) return known instanceof Error ? Promise.reject(known) : Promise.resolve(plain(known))
    } catch (defect) {
      // A schema of the application's broke.
      return Promise.reject(defect)
    }
    return complete(operation, plaintext, options, plain)
  }

  const idle = Effect.async<void>((resume) => {
    onIdle = () => resume(Effect.void)
    if (underWay.size === 0) onIdle()
  })

  const shutDown = Effect.fnUntraced(function* (timeoutMillis: number) {
    const deadline = performance.now() + timeoutMillis
    for (const end of [...lasting]) end()
    yield* Effect.timeoutOption(idle, timeoutMillis)
    const unflushed = yield* verifier.flush(Math.max(0, deadline - performance.now()))
    for (const end of [...underWay]) end()
    return unflushed
  })

  return {
    attempt,
    verify,
    run,
    runUntilClosed,
    close: (timeoutMillis) => {
      closing ??= managed.runPromise(shutDown(timeoutMillis)).finally(() => managed.dispose())
      return closing
    }
  }
}
