import type { PageSlice } from "../ports/TenantStore.js"

/** What orders a listing. */
interface Ordered {
  readonly id: string
  readonly createdAt: number
}

/** Rows of a listing, newest first: those below the slice's position. */
export const newestFirst = <Row extends Ordered>(rows: ReadonlyArray<Row>, { after, take }: PageSlice): Array<Row> => {
  const below = after === null ? [...rows] : rows.filter((row) => compare(row, after) < 0)
  return below.sort((one, other) => compare(other, one)).slice(0, take)
}

const compare = (one: Ordered, other: Ordered): number => {
  if (one.createdAt !== other.createdAt) return one.createdAt - other.createdAt
  if (one.id === other.id) return 0
  return one.id < other.id ? -1 : 1
}

/** An organization, project or product as it is kept. */
export interface NamedRow<Id extends string, Owner extends string> extends Ordered {
  readonly id: Id
  /** Within what the name is unique: an organization, or everything. */
  readonly owner: Owner
  readonly name: string
}

/** Rows by id and by name, both always in step. */
export class NamedRows<Id extends string, Owner extends string> {
  readonly #byId = new Map<Id, NamedRow<Id, Owner>>()
  readonly #byName = new Map<string, Id>()

  find(id: Id): NamedRow<Id, Owner> | undefined {
    return this.#byId.get(id)
  }

  findByName(owner: Owner, name: string): NamedRow<Id, Owner> | undefined {
    const id = this.#byName.get(nameKey(owner, name))
    return id === undefined ? undefined : this.#byId.get(id)
  }

  /** Inserts, or replaces the row of the same id. */
  put(row: NamedRow<Id, Owner>): void {
    this.remove(row.id)
    this.#byId.set(row.id, Object.freeze({ ...row }))
    this.#byName.set(nameKey(row.owner, row.name), row.id)
  }

  remove(id: Id): void {
    const row = this.#byId.get(id)
    if (row === undefined) return
    this.#byId.delete(id)
    this.#byName.delete(nameKey(row.owner, row.name))
  }

  all(): ReadonlyArray<NamedRow<Id, Owner>> {
    return [...this.#byId.values()]
  }

  of(owner: Owner): ReadonlyArray<NamedRow<Id, Owner>> {
    return this.all().filter((row) => row.owner === owner)
  }
}

// An owner is a UUID or empty, so the first slash ends it.
const nameKey = (owner: string, name: string): string => `${owner}/${name}`
