import { Effect, type Either, type Schema } from "effect"
import type { InvalidInputError } from "../../src/domain/Errors.js"
import { decodeInput } from "../../src/domain/Input.js"

/** What the boundary makes of an input. A defect is thrown, so that no test takes it for a refusal. */
export const decode = <A, I>(schema: Schema.Schema<A, I>, input: unknown): Either.Either<A, InvalidInputError> =>
  Effect.runSync(Effect.either(decodeInput(schema)(input)))

/** The value of an input that has to be good. */
export const accepted = <A, I>(schema: Schema.Schema<A, I>, input: unknown): A =>
  Effect.runSync(decodeInput(schema)(input))

/** The broken rules of an input, as `path rule`; none where it is good. */
export const refusals = <A, I>(schema: Schema.Schema<A, I>, input: unknown): ReadonlyArray<string> => {
  const result = decode(schema, input)
  return result._tag === "Right" ? [] : result.left.issues.map(({ path, rule }) => `${path} ${rule}`.trim())
}

/** Whether an input is good. */
export const isAccepted = <A, I>(schema: Schema.Schema<A, I>, input: unknown): boolean =>
  decode(schema, input)._tag === "Right"
