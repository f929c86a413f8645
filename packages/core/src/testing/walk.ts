import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { Instant } from "../domain/Instant.js"
import type { PagePosition } from "../domain/Page.js"
import type { PageSlice } from "../ports/TenantStore.js"

interface Listed {
  readonly id: string
  readonly createdAt: Instant
}

/** Where a row stands in a listing. */
export const positionOf = ({ createdAt, id }: Listed): PagePosition => ({ createdAt: createdAt.epochMillis, id })

/** The order of every listing: by time of creation, then by id, descending. */
export const newestFirst = <A extends Listed>(rows: ReadonlyArray<A>): Array<A> =>
  [...rows].sort((one, other) => {
    const age = other.createdAt.epochMillis - one.createdAt.epochMillis
    return age !== 0 ? age : one.id < other.id ? 1 : -1
  })

const isBelow = (one: PagePosition, other: PagePosition): boolean =>
  one.createdAt === other.createdAt ? one.id < other.id : one.createdAt < other.createdAt

/** Reads a listing page by page to its end, and lets other fibers run in between. */
export const walk = <A extends Listed, E, R>(
  take: number,
  read: (slice: PageSlice) => Effect.Effect<ReadonlyArray<A>, E, R>,
  start: PagePosition | null = null
): Effect.Effect<Array<A>, E, R> =>
  Effect.gen(function* () {
    const rows: Array<A> = []
    let after = start
    while (true) {
      const page = yield* read({ after, take })
      // Otherwise a listing that repeats rows would never end.
      for (const row of page) {
        if (after !== null && !isBelow(positionOf(row), after)) assert.fail(`${row.id} is not below ${after.id}`)
        after = positionOf(row)
      }
      rows.push(...page)
      if (page.length < take) return rows
      yield* Effect.yieldNow()
    }
  })
