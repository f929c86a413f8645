import { Effect, Layer } from "effect"
import {
  ApiKeys,
  type ApiKeysOptions,
  type Change,
  type Confirmation,
  KeyChanges,
  MemoryStore,
  type StoreLayer
} from "../../src/index.js"
import { signingSecret } from "./live.js"

/** A channel of changes that tells what the test has it tell. */
export const makeChannel = () => {
  const listeners = new Set<(confirmation: Confirmation) => void>()
  return {
    layer: Layer.succeed(
      KeyChanges,
      KeyChanges.of({
        follow: (onConfirmation) =>
          Effect.acquireRelease(
            Effect.sync(() => listeners.add(onConfirmation)),
            () => Effect.sync(() => listeners.delete(onConfirmation))
          )
      })
    ),
    /** Confirms these changes as of now, or as of so many milliseconds ago. */
    confirm: (
      changes: ReadonlyArray<Change> = [],
      options: { readonly missed?: boolean; readonly age?: number } = {}
    ) =>
      Effect.clockWith((clock) =>
        Effect.sync(() => {
          const asOf = Number(clock.unsafeCurrentTimeNanos()) / 1e6 - (options.age ?? 0)
          for (const tell of listeners) tell({ asOf, changes, missed: options.missed ?? false })
        })
      )
  }
}

export type Channel = ReturnType<typeof makeChannel>

/** The services over a store, with a channel of changes, so that they remember. */
export const remembering = (
  channel: Channel,
  options: Partial<ApiKeysOptions> = {},
  store: StoreLayer = MemoryStore.layer
) =>
  ApiKeys.layer({ signingSecret, keyPrefix: "myapp", ...options }).pipe(
    Layer.provideMerge(Layer.merge(store, channel.layer))
  )
