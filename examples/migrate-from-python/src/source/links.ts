import { idOf, pages } from "./oldRows.js"
import type { Row, Source } from "./Source.js"

export interface OldLink {
  readonly projectId: string
  readonly productId: string
}

/** A link as the old database has it. */
export interface WrittenLink {
  readonly link: OldLink
  /** Whether its project and its product belong to different organizations. */
  readonly isForeign: boolean
}

const linkOf = (row: Row): OldLink => ({
  projectId: idOf(row["project_id"]) ?? "",
  productId: idOf(row["product_id"]) ?? ""
})

/** All links, those of a project one after the other. */
export const oldLinks = async function* (source: Source): AsyncGenerator<WrittenLink> {
  const statement = (behind: string) => `
    select project_id, product_id,
      (select org_id from projects where projects.id = project_id) as project_org_id,
      (select org_id from products where products.id = product_id) as product_org_id
    from project_products ${behind}`
  for await (const row of pages(source, statement, ["project_id", "product_id"])) {
    const owners = [idOf(row["project_org_id"]), idOf(row["product_org_id"])]
    yield { link: linkOf(row), isForeign: !owners.includes(null) && owners[0] !== owners[1] }
  }
}

/**
 * The links without which keys would be refused here: of a project and a product that a key has both; of the project of
 * a key and every product of its organization; of the product of a key and every project of its organization. Those
 * that are there already are among them.
 */
export const impliedLinks = async function* (source: Source): AsyncGenerator<OldLink> {
  const statement = (behind: string) => `
    select project_id, product_id from (
      select projects.id as project_id, products.id as product_id from api_keys
        join projects on projects.id = api_keys.project_id and projects.org_id = api_keys.org_id
        join products on products.id = api_keys.product_id and products.org_id = api_keys.org_id
      union
      select projects.id as project_id, products.id as product_id from api_keys
        join projects on projects.id = api_keys.project_id and projects.org_id = api_keys.org_id
        join products on products.org_id = api_keys.org_id
        where api_keys.product_id is null and api_keys.revoked_at is null
      union
      select projects.id as project_id, products.id as product_id from api_keys
        join products on products.id = api_keys.product_id and products.org_id = api_keys.org_id
        join projects on projects.org_id = api_keys.org_id
        where api_keys.project_id is null and api_keys.revoked_at is null
    ) implied ${behind}`
  for await (const row of pages(source, statement, ["project_id", "product_id"])) {
    yield linkOf(row)
  }
}
