import { type Link, NotFoundError, type PageSlice, type Product, type ProjectId } from "@apikeys/core"
import { Effect, Schema } from "effect"
import { type Dialect, padded } from "./Dialect.js"
import type { Operations } from "./Operations.js"
import { newestFirst } from "./Paging.js"

const nameOf = ({ productId, projectId }: Link): string => `${projectId} ${productId}`

/** As many links as are asked about in one statement. */
const maxAsked = 256

/** The part of the port that links products to projects. */
export const makeLinks = (dialect: Dialect, operations: Operations, decodeProduct: (row: unknown) => Product) => {
  const { forShare, rows, run, sql, tables } = dialect
  const decodeLink = Schema.decodeUnknownSync(rows.Link)
  const encodeLink = Schema.encodeSync(rows.Link)
  const isLink = ({ productId, projectId }: Link) =>
    sql`project_id = ${dialect.id(projectId)} and product_id = ${dialect.id(productId)}`

  const link = (asked: Link) =>
    operations.change("TenantStore.link", (connection, tell) =>
      Effect.gen(function* () {
        const ownerOf = (table: typeof tables.projects, id: string) =>
          Effect.map(
            run(connection, sql`select organization_id from ${table} where id = ${dialect.id(id)} ${forShare}`),
            ([row]) =>
              row === undefined
                ? null
                : dialect.decodeId((row as { readonly organization_id: unknown }).organization_id)
          )
        const { productId, projectId } = asked
        const owner = yield* ownerOf(tables.projects, projectId)
        if (owner === null) return yield* new NotFoundError({ entity: "project", id: projectId })
        if ((yield* ownerOf(tables.products, productId)) !== owner) {
          return yield* new NotFoundError({ entity: "product", id: productId })
        }
        const where = isLink(asked)
        const [linked] = yield* run(connection, sql`select project_id from ${tables.projectProducts} where ${where}`)
        if (linked !== undefined) return
        const row = encodeLink({ project_id: projectId, product_id: productId })
        yield* run(connection, sql`insert into ${tables.projectProducts} ${sql.insert(row)}`)
        tell({ _tag: "Tenants" })
      })
    )

  const unlink = (asked: Link) =>
    operations.change("TenantStore.unlink", (connection, tell) =>
      Effect.map(
        dialect.affected(connection, sql`delete from ${tables.projectProducts} where ${isLink(asked)}`),
        (removed) => {
          if (removed > 0) tell({ _tag: "Tenants" })
        }
      )
    )

  const areLinked = (links: ReadonlyArray<Link>) =>
    operations.read("TenantStore.areLinked", (connection) =>
      Effect.gen(function* () {
        const found = new Set<string>()
        for (let start = 0; start < links.length; start += maxAsked) {
          const asked = padded(links.slice(start, start + maxAsked)).map((link) => sql`(${isLink(link)})`)
          const statement = sql`select project_id, product_id from ${tables.projectProducts} where ${sql.or(asked)}`
          for (const row of yield* run(connection, statement)) {
            const { product_id, project_id } = decodeLink(row)
            found.add(nameOf({ productId: product_id, projectId: project_id }))
          }
        }
        return links.map((asked) => found.has(nameOf(asked)))
      })
    )

  const listProductsOfProject = (projectId: ProjectId, slice: PageSlice) =>
    operations.read("TenantStore.listProductsOfProject", (connection) => {
      const statement = sql`
        select ${dialect.columns(rows.Product, "p")}
        from ${tables.projectProducts} l join ${tables.products} p on p.id = l.product_id
        ${newestFirst(dialect, [sql`l.project_id = ${dialect.id(projectId)}`], slice, "p")}`
      return Effect.map(run(connection, statement), (found) => found.map(decodeProduct))
    })

  return { link, unlink, areLinked, listProductsOfProject }
}
