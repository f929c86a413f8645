import { assert } from "@effect/vitest"
import { DateTime, Effect, type Either, type FastCheck } from "effect"
import type { StorePorts } from "../ports/Store.js"

/** Adds one test of the contract, which runs with the store under test. */
export type ContractTest<R = StorePorts> = (title: string, body: () => Effect.Effect<void, unknown, R>) => void

/** Adds one test that runs with so many drawn values. */
export type ContractProperty<R = StorePorts> = <A>(
  title: string,
  arbitrary: FastCheck.Arbitrary<A>,
  runs: number,
  body: (value: A) => Effect.Effect<void, unknown, R>
) => void

/** How many callers contend where the contract speaks of many. */
export const many = 50

/** Runs effects all at once, and tells what became of each. */
export const atOnce = <Each extends Effect.Effect<unknown, unknown, unknown>>(effects: ReadonlyArray<Each>) =>
  Effect.forEach(
    effects as ReadonlyArray<
      Effect.Effect<Effect.Effect.Success<Each>, Effect.Effect.Error<Each>, Effect.Effect.Context<Each>>
    >,
    Effect.either,
    { concurrency: "unbounded" }
  )

/** The values of those that succeeded. */
export const successes = <A, E>(results: ReadonlyArray<Either.Either<A, E>>): Array<A> =>
  results.flatMap((result) => (result._tag === "Right" ? [result.right] : []))

/** All of them succeeded. Says how many did not, and the first of those, rather than all. */
export const assertAllSucceeded = (results: ReadonlyArray<Either.Either<unknown, unknown>>): void => {
  const [first, ...others] = failures(results)
  if (first === undefined) return
  assert.fail(`${others.length + 1} of ${results.length} calls failed, the first with: ${first}`)
}

/** The errors of those that failed. */
export const failures = <A, E>(results: ReadonlyArray<Either.Either<A, E>>): Array<E> =>
  results.flatMap((result) => (result._tag === "Left" ? [result.left] : []))

/** The error has these fields. */
export const assertError = (
  error: unknown,
  expected: { readonly _tag: string; readonly [field: string]: unknown }
): void => assert.deepInclude(error as object, expected)

/** The effect fails with an error that has these fields. */
export const assertFails = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  expected: { readonly _tag: string; readonly [field: string]: unknown }
): Effect.Effect<void, never, R> =>
  Effect.map(Effect.either(effect), (result) => {
    if (result._tag === "Right") assert.fail(`It should have failed with ${expected._tag}, but succeeded`)
    assertError(result.left, expected)
  })

/** An entity as plain data, its dates as milliseconds: a `DateTime` caches its parts, so two that are equal may differ. */
export const plain = (entity: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(entity).map(([field, value]) => [field, DateTime.isDateTime(value) ? value.epochMillis : value])
  )

/** The two are the same entity with the same content. */
export const assertSame = (actual: object, expected: object): void =>
  assert.deepStrictEqual(plain(actual), plain(expected))

/** The ids of entities, in their order. */
export const idsOf = (entities: ReadonlyArray<{ readonly id: string }>): Array<string> => entities.map(({ id }) => id)
