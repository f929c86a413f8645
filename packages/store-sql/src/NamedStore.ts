import { AlreadyExistsError, InUseError, NotFoundError, type OrganizationId, type PageSlice } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import type { Fragment } from "@effect/sql/Statement"
import { Effect, Option } from "effect"
import type { Dialect } from "./Dialect.js"
import type { Operations } from "./Operations.js"
import { newestFirst } from "./Paging.js"

/** Organizations, projects and products: what a name is unique for. */
export interface Named {
  readonly id: string
  readonly name: string
}

/** How one kind of entity is kept. */
export interface Kind<A extends Named> {
  readonly entity: "organization" | "project" | "product"
  /** Begins the names of operations: `TenantStore.insert` and this. */
  readonly title: string
  readonly table: Fragment
  readonly row: { readonly fields: Readonly<Record<string, unknown>> }
  /** The column of keys that refers to it. */
  readonly keyColumn: "organization_id" | "project_id" | "product_id"
  readonly decode: (row: unknown) => A
  readonly encode: (entity: A) => Record<string, unknown>
  /** `null` for organizations, which belong to nobody. */
  readonly ownerOf: (entity: A) => OrganizationId | null
}

/** What organizations, projects and products have in common. */
export const makeNamedStore = <A extends Named>(dialect: Dialect, operations: Operations, kind: Kind<A>) => {
  const { forShare, forUpdate, run, sql, tables } = dialect
  const { entity, table } = kind
  const columns = dialect.columns(kind.row)
  const operation = (member: string) => `TenantStore.${member}`

  const findWhere = (connection: Connection, where: ReturnType<typeof sql.literal>) =>
    Effect.map(run(connection, sql`select ${columns} from ${table} where ${where}`), ([row]) =>
      row === undefined ? null : kind.decode(row)
    )
  const byName = (owner: OrganizationId | null, name: A["name"]) =>
    owner === null ? sql`name = ${name}` : sql`organization_id = ${dialect.id(owner)} and name = ${name}`

  const refuseTaken = Effect.fnUntraced(function* (
    connection: Connection,
    owner: OrganizationId | null,
    name: A["name"],
    id: string | null
  ) {
    const holder = yield* findWhere(connection, byName(owner, name))
    if (holder === null || holder.id === id) return
    return yield* new AlreadyExistsError({ entity, existingName: holder.name, existingId: holder.id })
  })

  const write = Effect.fnUntraced(function* (connection: Connection, row: A) {
    yield* refuseTaken(connection, kind.ownerOf(row), row.name, null)
    yield* run(connection, sql`insert into ${table} ${sql.insert(kind.encode(row))}`)
  })

  const insert = (row: A) => operations.change(operation(`insert${kind.title}`), (connection) => write(connection, row))

  const insertOwned = (row: A & { readonly organizationId: OrganizationId }) =>
    operations.change(operation(`insert${kind.title}`), (connection) =>
      Effect.gen(function* () {
        const id = row.organizationId
        const owner = sql`select id from ${tables.organizations} where id = ${dialect.id(id)} ${forShare}`
        const [organization] = yield* run(connection, owner)
        if (organization === undefined) return yield* new NotFoundError({ entity: "organization", id })
        yield* write(connection, row)
      })
    )

  const find = (id: A["id"]) =>
    operations.read(operation(`find${kind.title}`), (connection) =>
      Effect.map(findWhere(connection, sql`id = ${dialect.id(id)}`), Option.fromNullable)
    )

  const findByName = (owner: OrganizationId | null, name: A["name"]) =>
    operations.read(operation(`find${kind.title}ByName`), (connection) =>
      Effect.map(findWhere(connection, byName(owner, name)), Option.fromNullable)
    )

  const list = (owner: OrganizationId | null, slice: PageSlice) =>
    operations.read(operation(`list${kind.title}s`), (connection) => {
      const of = owner === null ? [] : [sql`organization_id = ${dialect.id(owner)}`]
      const statement = sql`select ${columns} from ${table} ${newestFirst(dialect, of, slice)}`
      return Effect.map(run(connection, statement), (rows) => rows.map(kind.decode))
    })

  const rename = (id: A["id"], name: A["name"]) =>
    operations.change(operation(`rename${kind.title}`), (connection) =>
      Effect.gen(function* () {
        const before = yield* findWhere(connection, sql`id = ${dialect.id(id)} ${forUpdate}`)
        if (before === null) return yield* new NotFoundError({ entity, id })
        yield* refuseTaken(connection, kind.ownerOf(before), name, id)
        yield* run(connection, sql`update ${table} set name = ${name} where id = ${dialect.id(id)}`)
        const [renamed] = yield* run(connection, sql`select ${columns} from ${table} where id = ${dialect.id(id)}`)
        return kind.decode(renamed)
      })
    )

  /** What else belongs to it goes by its foreign keys; those of keys would refuse. */
  const remove = (id: A["id"]) =>
    operations.change(operation(`delete${kind.title}`), (connection, tell) =>
      Effect.gen(function* () {
        const before = yield* findWhere(connection, sql`id = ${dialect.id(id)} ${forUpdate}`)
        if (before === null) return yield* new NotFoundError({ entity, id })
        const held = sql`select count(*) as held from ${tables.keys} where ${sql(kind.keyColumn)} = ${dialect.id(id)}`
        const [row] = yield* run(connection, held)
        const keys = Number((row as { readonly held: unknown }).held)
        if (keys > 0) return yield* new InUseError({ entity, id, keys })
        yield* run(connection, sql`delete from ${table} where id = ${dialect.id(id)}`)
        tell({ _tag: "Tenants" })
      })
    )

  return { insert, insertOwned, find, findByName, list, rename, remove }
}
