import { Context, type Effect } from "effect"
import type { StoreError } from "../domain/Errors.js"

/**
 * Whether a store answers.
 *
 * @since 0.1.0
 */
export class StoreHealth extends Context.Tag("@apikeys/core/StoreHealth")<
  StoreHealth,
  {
    /** Makes the smallest round trip that proves the store can be read. */
    readonly ping: Effect.Effect<void, StoreError>
  }
>() {}
