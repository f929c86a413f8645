import { Exit } from "effect"
import { InvalidKeyError, StoreError } from "../../domain/Errors.js"

const another = <E>(error: E): E => {
  if (error instanceof StoreError) {
    const { operation, reason, retryable } = error
    return new StoreError({ operation, reason, retryable }) as E
  }
  return error instanceof InvalidKeyError ? (new InvalidKeyError() as E) : error
}

/**
 * What many waited for, for one of them: an error object of its own, since who is given one may change it.
 *
 * @param i which of them it is; the first one is given what came
 */
export const exitOfOne = <A, E>(exit: Exit.Exit<A, E>, i: number): Exit.Exit<A, E> =>
  i > 0 && Exit.isFailure(exit) && exit.cause._tag === "Fail" ? Exit.fail(another(exit.cause.error)) : exit
