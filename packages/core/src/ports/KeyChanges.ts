import { Context, type Effect, type Scope } from "effect"
import type { KeyId, OrganizationId } from "../domain/Ids.js"

/**
 * What was changed, as far as it can alter a verdict. What was created is no change, be it a key, an organization,
 * a project or a product: nobody has an older record of it, and that something is not there is never remembered for
 * long. Nor is a new name of a tenant, of which no verdict speaks.
 */
export type Change =
  /** A key, or one of its digests. */
  | { readonly _tag: "Key"; readonly id: KeyId }
  /** Many keys of an organization at once. */
  | { readonly _tag: "KeysOfOrganization"; readonly id: OrganizationId }
  /** Organizations, projects, products or links: to whom something belongs, or what is linked. */
  | { readonly _tag: "Tenants" }

/** The word of the store that, up to a moment, nothing was changed but this. */
export interface Confirmation {
  /**
   * Every change that was committed before this moment has been told, in this confirmation or before it. In
   * milliseconds of the `Clock`'s monotonic time (`unsafeCurrentTimeNanos`) in this process: taken before the store
   * was asked, never after. It never goes back. `Infinity` where each change is told in the same step that makes it,
   * so that nothing can ever be missing; then there is no need to confirm again.
   */
  readonly asOf: number
  /** In the order of their commits. */
  readonly changes: ReadonlyArray<Change>
  /** Changes may have been missed, such as ones that were pruned meanwhile: whatever is remembered may be stale. */
  readonly missed: boolean
}

/**
 * How a process learns of the changes that others make. What it promises is tested by the store contract.
 *
 * Every change is written in the same transaction as what it tells of, in an order that is the order of commits.
 *
 * @since 0.1.0
 */
export class KeyChanges extends Context.Tag("@apikeys/core/KeyChanges")<
  KeyChanges,
  {
    /**
     * Confirms again and again, about every 200 milliseconds or sooner, for as long as the scope is open, beginning
     * with a first confirmation that tells of no change; it does not wait for it. While the store cannot be asked, it
     * is silent, and tells of what it missed when it is back: how long a confirmation is trusted is the listener's
     * affair. Changes that this process made are told as well.
     *
     * @param onConfirmation is called synchronously, in order, and must not throw
     */
    readonly follow: (onConfirmation: (confirmation: Confirmation) => void) => Effect.Effect<void, never, Scope.Scope>
  }
>() {}
