import { Context, Effect, Layer } from "effect"
import { KeyChanges } from "../ports/KeyChanges.js"
import { KeyStore } from "../ports/KeyStore.js"
import { RateLimitStore } from "../ports/RateLimitStore.js"
import { Store, type StoreLayer, type StorePorts } from "../ports/Store.js"
import { StoreHealth } from "../ports/StoreHealth.js"
import { TenantStore } from "../ports/TenantStore.js"
import { UsageStore } from "../ports/UsageStore.js"
import * as Changes from "./KeyChanges.js"
import * as Keys from "./KeyStore.js"
import * as RateLimits from "./RateLimitStore.js"
import { makeState, type State, type Table, tablesOf } from "./State.js"
import * as Tenants from "./TenantStore.js"
import * as Usages from "./UsageStore.js"

export type { Table }

const portsOf = (state: State): Context.Context<StorePorts> =>
  Context.make(TenantStore, Tenants.make(state)).pipe(
    Context.add(KeyStore, Keys.make(state)),
    Context.add(RateLimitStore, RateLimits.make(state)),
    Context.add(UsageStore, Usages.make(state)),
    Context.add(StoreHealth, StoreHealth.of({ ping: Effect.void, timeoutMillis: Number.POSITIVE_INFINITY })),
    Context.add(KeyChanges, Changes.make(state))
  )

/**
 * Keeps everything in this process: for tests, demos, and as the reference of the store contract. Nothing
 * outlives the process, and limits hold within it alone.
 *
 * Each time the layer is built there is a new and empty store. Rate limits take the time from Effect's `Clock`.
 *
 * @since 0.1.0
 */
export const layer: StoreLayer = Store.fromLayer(Layer.syncContext(() => portsOf(makeState())))

/**
 * Every row that a store holds, as it is at the time of reading.
 *
 * @since 0.1.0
 */
export class Tables extends Context.Tag("@apikeys/core/MemoryStore/Tables")<
  Tables,
  Effect.Effect<ReadonlyArray<Table>>
>() {}

/**
 * Like {@link layer}, with a view around the ports on what is kept: for tests that prove what is not.
 *
 * @since 0.1.0
 */
export const layerWithTables: Layer.Layer<StorePorts | Tables> = Layer.syncContext(() => {
  const state = makeState()
  return Context.add(
    portsOf(state),
    Tables,
    Effect.sync(() => tablesOf(state))
  )
})
