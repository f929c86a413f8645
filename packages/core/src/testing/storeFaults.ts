import { Effect } from "effect"
import { StoreError } from "../domain/Errors.js"
import { type AnyStoreLayer, interceptStore, type StoreMember } from "./storeMember.js"

/**
 * What goes wrong with a call.
 *
 * - `fail`: it does nothing and fails with a `StoreError` that is retryable.
 * - `lose`: it is carried out, but its answer is lost: it fails like `fail`.
 * - `hang`: it does nothing and never answers.
 * - `die`: it does nothing and ends as a defect.
 *
 * @since 0.1.0
 */
export type StoreFault = "fail" | "lose" | "hang" | "die"

/**
 * Faults of a store, on demand.
 *
 * @since 0.1.0
 */
export interface StoreFaults {
  /** A store that behaves like the given one but for the faults. */
  readonly wrap: <S extends AnyStoreLayer>(store: S) => S
  /** From now on the member goes wrong: so many times, or until `clear`. */
  readonly inject: (member: StoreMember | "all", fault: StoreFault, times?: number) => void
  /** From now on all goes well again. */
  readonly clear: () => void
}

/**
 * Makes a set of faults, none at first.
 *
 * @example
 * ```ts
 * const faults = makeStoreFaults()
 * const store = faults.wrap(MemoryStore.layer)
 * // …
 * faults.inject("KeyStore.findByDigests", "fail", 1)
 * ```
 *
 * @since 0.1.0
 */
export const makeStoreFaults = (): StoreFaults => {
  const faults = new Map<StoreMember | "all", { readonly fault: StoreFault; left: number }>()

  const take = (member: StoreMember): StoreFault | null => {
    const found = faults.get(member) ?? faults.get("all")
    if (found === undefined || found.left <= 0) return null
    found.left--
    return found.fault
  }

  return {
    wrap: (store) =>
      interceptStore(store, ({ member }, effect) => {
        const fault = take(member)
        return fault === null ? effect : spoil(member, fault, effect)
      }),
    inject: (member, fault, times = Number.POSITIVE_INFINITY) => void faults.set(member, { fault, left: times }),
    clear: () => faults.clear()
  }
}

const spoil = (
  member: StoreMember,
  fault: StoreFault,
  effect: Effect.Effect<unknown, unknown>
): Effect.Effect<unknown, unknown> => {
  const failure = Effect.fail(new StoreError({ operation: member, retryable: true, reason: "an injected fault" }))
  switch (fault) {
    case "fail":
      return failure
    case "lose":
      return Effect.zipRight(Effect.exit(effect), failure)
    case "hang":
      return Effect.never
    case "die":
      return Effect.dieMessage(`${member} died of an injected fault`)
  }
}
