import type { Layer } from "effect"
import type { InvalidInputError, StoreError } from "../domain/Errors.js"
import type { KeyChanges } from "./KeyChanges.js"
import type { KeyStore } from "./KeyStore.js"
import type { RateLimitStore } from "./RateLimitStore.js"
import type { StoreHealth } from "./StoreHealth.js"
import type { TenantStore } from "./TenantStore.js"
import type { UsageStore } from "./UsageStore.js"

/** Every port that a store implements. */
export type StorePorts = TenantStore | KeyStore | RateLimitStore | UsageStore | StoreHealth | KeyChanges

declare const StoreTypeId: unique symbol

/**
 * A store, as a store package makes it and as `ApiKeyClient.open` takes it.
 *
 * @since 0.1.0
 */
export interface Store {
  readonly [StoreTypeId]: "@apikeys/core/Store"
}

/**
 * A store as a layer: what an Effect program provides, and what is a {@link Store} to the Promise client.
 *
 * @since 0.1.0
 */
export interface StoreLayer extends Layer.Layer<StorePorts, StoreError | InvalidInputError>, Store {}

/**
 * Makes stores of layers: for store packages, and for layers that an application composed itself.
 *
 * @since 0.1.0
 */
export const Store = {
  /** Marks a layer as a store, so that the Promise client takes it too. */
  fromLayer: (layer: Layer.Layer<StorePorts, StoreError | InvalidInputError>): StoreLayer => layer as StoreLayer
}
