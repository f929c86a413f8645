import { Context, type Effect } from "effect"
import type { StoreError } from "../domain/Errors.js"

/**
 * Whether a store answers, and by when.
 *
 * @since 0.1.0
 */
export class StoreHealth extends Context.Tag("@apikeys/core/StoreHealth")<
  StoreHealth,
  {
    /** Makes the smallest round trip that proves the store can be read. */
    readonly ping: Effect.Effect<void, StoreError>

    /**
     * How many milliseconds a call of the library may take, whatever it waits for; `Infinity` where the store never
     * waits. Each member of a port keeps to it, and so does a verification, which may ask several of them.
     */
    readonly timeoutMillis: number
  }
>() {}
