import { Context, type Effect, Layer } from "effect"
import type { InvalidInputError, StoreError } from "../domain/Errors.js"
import { interceptPort } from "../ports/interception.js"
import { KeyChanges } from "../ports/KeyChanges.js"
import { KeyStore } from "../ports/KeyStore.js"
import { RateLimitStore } from "../ports/RateLimitStore.js"
import type { StorePorts } from "../ports/Store.js"
import { StoreHealth } from "../ports/StoreHealth.js"
import { TenantStore } from "../ports/TenantStore.js"
import { UsageStore } from "../ports/UsageStore.js"

const ports = { TenantStore, KeyStore, RateLimitStore, UsageStore, StoreHealth, KeyChanges } as const

type Ports = typeof ports

// What a proxy does is the same for all of them, so their types are of no use here.
const portEntries = Object.entries(ports) as unknown as ReadonlyArray<
  readonly [string, Context.Tag<StorePorts, object>]
>

/**
 * A member of a port, as `KeyStore.insert`.
 *
 * @since 0.1.0
 */
export type StoreMember = {
  [Port in keyof Ports]: `${Port}.${keyof Context.Tag.Service<Ports[Port]> & string}`
}[keyof Ports]

/**
 * One call of a member of a store.
 *
 * @since 0.1.0
 */
export interface StoreCall {
  readonly member: StoreMember
  readonly args: ReadonlyArray<unknown>
}

/**
 * A layer of a store, marked for the Promise client or not.
 *
 * @since 0.1.0
 */
export type AnyStoreLayer = Layer.Layer<StorePorts, StoreError | InvalidInputError>

/**
 * Does something about a call: runs it, does so twice, or does something else.
 *
 * @since 0.1.0
 */
export type Interception = (call: StoreCall, effect: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>

/**
 * Puts something between a store and those who call it. Each run of a member counts as a call, not the making
 * of its effect. The layer stays what it was, a store for the Promise client too.
 *
 * @since 0.1.0
 */
export const interceptStore = <S extends AnyStoreLayer>(store: S, intercept: Interception): S =>
  Layer.map(store, (context) =>
    portEntries.reduce(
      (intercepted, [name, tag]) =>
        Context.add(
          intercepted,
          tag,
          interceptPort(Context.get(context, tag), (member, args, effect) =>
            intercept({ member: `${name}.${member}` as StoreMember, args }, effect)
          )
        ),
      context
    )
  ) as unknown as S
