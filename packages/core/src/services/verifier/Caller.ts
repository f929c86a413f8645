import { Cause, Effect, type Fiber, FiberRef, FiberRefs, type FiberStatus, Runtime, RuntimeFlags } from "effect"

/** A fiber that waits for plain code to call it back. */
export class Caller {
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  readonly #interruptible: boolean

  constructor(fiber: Fiber.RuntimeFiber<unknown, unknown>, interruptible: boolean) {
    this.fiber = fiber
    this.#interruptible = interruptible
  }

  /**
   * Whether it was interrupted, so that nobody is there to be called back. Looking when there is something to say
   * costs less than asking to be told, which nearly doubles what it takes to wait.
   */
  get isGone(): boolean {
    return this.#interruptible && isInterrupted(this.fiber)
  }

  /** Of a matter that goes on whoever else is interrupted. */
  get lasting(): Caller {
    return this.#interruptible ? new Caller(this.fiber, false) : this
  }
}

const isInterrupted = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  !Cause.isEmpty(fiber.getFiberRef(FiberRef.interruptedCause))

/** Waits for plain code to call back; who is gone by then is not told. */
export const callback = <A, E>(
  register: (caller: Caller, resume: (answer: Effect.Effect<A, E>) => void) => void
): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber: Fiber.RuntimeFiber<A, E>, { runtimeFlags }: FiberStatus.Running) =>
    Effect.async((resume) => register(new Caller(fiber, RuntimeFlags.interruptible(runtimeFlags)), resume))
  )

/**
 * Runs an effect in a fiber of its own, in the context of a caller and by the caller's clock. It starts once this
 * tick's other fibers had their turn.
 */
export const forkFor = ({ fiber }: Caller, effect: Effect.Effect<void>): void => {
  const refs = fiber.getFiberRefs()
  const runtime = Runtime.make({
    context: fiber.currentContext,
    runtimeFlags: Runtime.defaultRuntimeFlags,
    fiberRefs: isInterrupted(fiber) ? FiberRefs.delete(refs, FiberRef.interruptedCause) : refs
  })
  Runtime.runFork(runtime)(effect, { immediate: false })
}
