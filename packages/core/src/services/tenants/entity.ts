import { Effect, Option } from "effect"
import { type AlreadyExistsError, type InvalidInputError, NotFoundError, type StoreError } from "../../domain/Errors.js"
import type { Instant } from "../../domain/Instant.js"
import { decodePosition, type Page, pageOf } from "../../domain/Page.js"
import type { PageSlice } from "../../ports/TenantStore.js"

type Entity = NotFoundError["entity"]

/** What a store answers that was asked for one thing. */
export type Found<A> = Effect.Effect<Option.Option<A>, StoreError>

/** What was found, or `NotFoundError`. */
export const orNotFound =
  (entity: Entity, id: string | null) =>
  <A, E>(found: Effect.Effect<Option.Option<A>, E>): Effect.Effect<A, E | NotFoundError> =>
    Effect.flatMap(
      found,
      Option.match({
        onNone: () => Effect.fail(new NotFoundError({ entity, id })),
        onSome: (value) => Effect.succeed(value)
      })
    )

/**
 * The entity of a name, created where there is none; and whether it was. Looks first, so that a set-up which
 * has run before writes nothing; of concurrent calls the store lets one create, and the others take its entity.
 */
export const getOrCreate = <A, E1, E2>(
  find: Effect.Effect<Option.Option<A>, E1>,
  create: Effect.Effect<A, E2 | AlreadyExistsError>
): Effect.Effect<readonly [A, boolean], E1 | Exclude<E2, AlreadyExistsError>> =>
  Effect.flatMap(find, (found) => {
    if (Option.isSome(found)) return Effect.succeed([found.value, false] as const)
    return create.pipe(
      Effect.map((created) => [created, true] as const),
      Effect.catchIf(
        (error): error is E2 & AlreadyExistsError =>
          typeof error === "object" && error !== null && "_tag" in error && error._tag === "AlreadyExistsError",
        // Somebody else created it meanwhile. It may be deleted again by now, so all begins anew.
        () => getOrCreate(find, create)
      )
    ) as Effect.Effect<readonly [A, boolean], E1 | Exclude<E2, AlreadyExistsError>>
  })

interface Listed {
  readonly id: string
  readonly createdAt: Instant
}

/** Reads one page, which is bound to a filter, in the order `(createdAt, id)` descending. */
export const readPage = <A extends Listed, E>(
  filter: unknown,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
  read: (slice: PageSlice) => Effect.Effect<ReadonlyArray<A>, E>
): Effect.Effect<Page<A>, E | InvalidInputError> =>
  decodePosition(filter, cursor).pipe(
    Effect.flatMap((after) => read({ after, take: limit + 1 })),
    Effect.map((rows) => pageOf(rows, limit, filter, ({ createdAt, id }) => ({ createdAt: createdAt.epochMillis, id })))
  )

/** An empty page of an owner that does not exist is an error; of any other it is just empty. */
export const unlessAbsent =
  <E>(exists: Effect.Effect<unknown, E>) =>
  <A, E2>(page: Effect.Effect<Page<A>, E2>): Effect.Effect<Page<A>, E | E2> =>
    Effect.tap(page, ({ items }) => (items.length === 0 ? exists : Effect.void))
