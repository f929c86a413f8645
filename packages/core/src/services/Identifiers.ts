import { Context, DateTime, Effect, Layer } from "effect"
import { makeIdSequence } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import { KeyHasher } from "../ports/KeyHasher.js"

/** Gives out ids, ascending in the order in which this process asked for them. */
export class Identifiers extends Context.Tag("@apikeys/core/Identifiers")<
  Identifiers,
  {
    /** A new id, and the time that it carries: what an entity has as `id` and `createdAt`. */
    readonly next: Effect.Effect<{ readonly id: string; readonly createdAt: Instant }>
  }
>() {}

export const layer: Layer.Layer<Identifiers, never, KeyHasher> = Layer.effect(
  Identifiers,
  Effect.map(KeyHasher, (hasher) => {
    const nextId = makeIdSequence(hasher.random)
    return Identifiers.of({
      next: Effect.map(DateTime.now, (createdAt) => ({ id: nextId(createdAt.epochMillis), createdAt }))
    })
  })
)
