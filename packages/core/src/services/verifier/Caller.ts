import {
  Cause,
  type Context,
  Effect,
  type Fiber,
  FiberRef,
  FiberRefs,
  type FiberStatus,
  Runtime,
  RuntimeFlags
} from "effect"

/** Who waits for plain code to call back. */
export interface Caller {
  readonly context: Context.Context<never>
  /**
   * Whether nobody is there any more to be called back. Looking when there is something to say costs less than asking to
   * be told, which nearly doubles what it takes to wait.
   */
  readonly isGone: boolean
  /** Of a matter that goes on whoever is gone. */
  readonly lasting: Caller
  /**
   * Runs an effect in a fiber of its own, in the context of this caller and by its clock. It starts once this tick's
   * others had their turn.
   */
  readonly fork: (effect: Effect.Effect<void>) => void
}

const later = { immediate: false }

/** A fiber that waits. */
class FiberCaller implements Caller {
  readonly #fiber: Fiber.RuntimeFiber<unknown, unknown>
  readonly #interruptible: boolean

  constructor(fiber: Fiber.RuntimeFiber<unknown, unknown>, interruptible: boolean) {
    this.#fiber = fiber
    this.#interruptible = interruptible
  }

  get context(): Context.Context<never> {
    return this.#fiber.currentContext
  }

  get isGone(): boolean {
    return this.#interruptible && isInterrupted(this.#fiber)
  }

  get lasting(): Caller {
    return this.#interruptible ? new FiberCaller(this.#fiber, false) : this
  }

  fork(effect: Effect.Effect<void>): void {
    const refs = this.#fiber.getFiberRefs()
    const runtime = Runtime.make({
      context: this.context,
      runtimeFlags: Runtime.defaultRuntimeFlags,
      fiberRefs: isInterrupted(this.#fiber) ? FiberRefs.delete(refs, FiberRef.interruptedCause) : refs
    })
    Runtime.runFork(runtime)(effect, later)
  }
}

const isInterrupted = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  !Cause.isEmpty(fiber.getFiberRef(FiberRef.interruptedCause))

/** Plain code that waits, for as long as it says so. */
export class PlainCaller implements Caller {
  readonly #runtime: Runtime.Runtime<never>
  readonly #isWaiting: () => boolean

  constructor(runtime: Runtime.Runtime<never>, isWaiting: () => boolean) {
    this.#runtime = runtime
    this.#isWaiting = isWaiting
  }

  get context(): Context.Context<never> {
    return this.#runtime.context
  }

  get isGone(): boolean {
    return !this.#isWaiting()
  }

  get lasting(): Caller {
    return new PlainCaller(this.#runtime, always)
  }

  fork(effect: Effect.Effect<void>): void {
    Runtime.runFork(this.#runtime)(effect, later)
  }
}

const always = () => true

/** Waits for plain code to call back; who is gone by then is not told. */
export const callback = <A, E>(
  register: (caller: Caller, resume: (answer: Effect.Effect<A, E>) => void) => void
): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber: Fiber.RuntimeFiber<A, E>, { runtimeFlags }: FiberStatus.Running) =>
    Effect.async((resume) => register(new FiberCaller(fiber, RuntimeFlags.interruptible(runtimeFlags)), resume))
  )
