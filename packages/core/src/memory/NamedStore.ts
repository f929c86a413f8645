import { Effect, Option } from "effect"
import { AlreadyExistsError, InUseError, NotFoundError, StoreError } from "../domain/Errors.js"
import type { PageSlice } from "../ports/TenantStore.js"
import { type NamedRow, type NamedRows, newestFirst } from "./NamedRows.js"

/** How rows of one kind become entities, and what hangs on them. */
export interface Kind<Id extends string, Owner extends string, A> {
  readonly entity: "organization" | "project" | "product"
  readonly rows: NamedRows<Id, Owner>
  readonly toEntity: (row: NamedRow<Id, Owner>) => A
  /** The error of an owner that is not there. */
  readonly findAbsentOwner: (owner: Owner) => NotFoundError | null
  readonly countKeys: (id: Id) => number
  /** Removes what is deleted with a row. */
  readonly cascade: (id: Id) => void
  /** Runs once a row and what hung on it are gone. */
  readonly onRemoved: () => void
}

/**
 * What organizations, projects and products have in common. Checks and writes of a member share one synchronous
 * step: between two effects a fiber may yield, and another one could come between.
 */
export const make = <Id extends string, Owner extends string, A>(kind: Kind<Id, Owner, A>) => {
  const { entity, rows, toEntity } = kind

  const findConflict = (owner: Owner, name: string, id: Id): AlreadyExistsError | null => {
    const holder = rows.findByName(owner, name)
    return holder === undefined || holder.id === id
      ? null
      : new AlreadyExistsError({ entity, existingName: holder.name, existingId: holder.id })
  }

  const insert = (row: NamedRow<Id, Owner>) =>
    Effect.suspend((): Effect.Effect<void, NotFoundError | AlreadyExistsError | StoreError> => {
      const refusal = kind.findAbsentOwner(row.owner) ?? findConflict(row.owner, row.name, row.id)
      if (refusal !== null) return Effect.fail(refusal)
      if (rows.find(row.id) !== undefined) {
        return new StoreError({ operation: `insert ${entity}`, retryable: false, reason: "memory: duplicate id" })
      }
      rows.put(row)
      return Effect.void
    })

  const rename = (id: Id, name: string) =>
    Effect.suspend((): Effect.Effect<A, NotFoundError | AlreadyExistsError> => {
      const row = rows.find(id)
      if (row === undefined) return new NotFoundError({ entity, id })
      const conflict = findConflict(row.owner, name, id)
      if (conflict !== null) return conflict
      const renamed = { ...row, name }
      rows.put(renamed)
      return Effect.succeed(toEntity(renamed))
    })

  const remove = (id: Id) =>
    Effect.suspend((): Effect.Effect<void, NotFoundError | InUseError> => {
      if (rows.find(id) === undefined) return new NotFoundError({ entity, id })
      const keys = kind.countKeys(id)
      if (keys > 0) return new InUseError({ entity, id, keys })
      kind.cascade(id)
      rows.remove(id)
      kind.onRemoved()
      return Effect.void
    })

  return {
    insert,
    rename,
    delete: remove,
    find: (id: Id) => Effect.sync(() => Option.map(Option.fromNullable(rows.find(id)), toEntity)),
    findByName: (owner: Owner, name: string) =>
      Effect.sync(() => Option.map(Option.fromNullable(rows.findByName(owner, name)), toEntity)),
    list: (owner: Owner, slice: PageSlice) => Effect.sync(() => newestFirst(rows.of(owner), slice).map(toEntity))
  }
}
