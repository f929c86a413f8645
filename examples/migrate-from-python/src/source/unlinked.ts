import type { Row, Source } from "./Source.js"

/** Projects and products whose counts are kept: many keys share them. */
const maxKept = 10_000

const statements = {
  project: (parameter: Source["parameter"]) => `
    select count(*) as unlinked from products where org_id = ${parameter(1)} and not exists (
      select 1 from project_products where product_id = products.id and project_id = ${parameter(2)})`,
  product: (parameter: Source["parameter"]) => `
    select count(*) as unlinked from projects where org_id = ${parameter(1)} and not exists (
      select 1 from project_products where project_id = projects.id and product_id = ${parameter(2)})`
} as const

/** Counts what is not linked to the project, or to the product, of a key that has only one of them. */
export const makeCountUnlinked = (source: Source) => {
  const kept = new Map<string, number>()
  return async ({ org_id = null, product_id = null, project_id = null }: Row): Promise<number> => {
    const id = project_id ?? product_id
    if (id === null || (project_id !== null && product_id !== null)) return 0
    const key = id instanceof Uint8Array ? Buffer.from(id).toString("hex") : String(id)
    const known = kept.get(key)
    if (known !== undefined) return known
    const statement = statements[project_id === null ? "product" : "project"](source.parameter)
    const [row] = await source.query(statement, [org_id, id])
    const unlinked = Number(row?.["unlinked"] ?? 0)
    if (kept.size >= maxKept) kept.clear()
    kept.set(key, unlinked)
    return unlinked
  }
}
