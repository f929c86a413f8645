import { type AnyStoreLayer, interceptStore, type StoreCall, type StoreMember } from "./storeMember.js"

/**
 * The calls that a store got.
 *
 * @since 0.1.0
 */
export interface StoreCalls {
  /** A store that behaves like the given one, and whose calls are listed here. */
  readonly wrap: <S extends AnyStoreLayer>(store: S) => S
  /** Every call, in the order in which they began. */
  readonly all: () => ReadonlyArray<StoreCall>
  /** How many calls there were, of one member or of any. */
  readonly count: (member?: StoreMember) => number
  /** Forgets the calls so far. */
  readonly clear: () => void
}

/**
 * Makes a list of calls, empty at first.
 *
 * @since 0.1.0
 */
export const makeStoreCalls = (): StoreCalls => {
  const calls: Array<StoreCall> = []
  return {
    wrap: (store) =>
      interceptStore(store, (call, effect) => {
        calls.push(call)
        return effect
      }),
    all: () => [...calls],
    count: (member) => (member === undefined ? calls.length : calls.filter((call) => call.member === member).length),
    clear: () => {
      calls.length = 0
    }
  }
}
