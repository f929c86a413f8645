import type { Row, Source, Value } from "./Source.js"
import { makeCountUnlinked } from "./unlinked.js"

/** How many rows are read at a time, and so in memory. */
const pageSize = 1000

/** An id as this library writes it; as it is where it is no UUID, for people to find the row. */
export const idOf = (value: Value | undefined): string | null => {
  if (value === null || value === undefined) return null
  const written = value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value)
  const found = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i.exec(written)
  return found === null ? written : found.slice(1).join("-").toLowerCase()
}

/** A text of a row; a database without types may hold any other value. */
export const textOf = (value: Value | undefined): string | null =>
  value === null || value === undefined ? null : String(value)

/** An organization; a project and a product have one. */
export interface OldTenant {
  readonly id: string
  readonly organizationId: string | null
  readonly name: string
  readonly createdAt: string | null
}

export interface OldKey {
  readonly id: string
  readonly organizationId: string
  readonly projectId: string | null
  readonly productId: string | null
  readonly keyPrefix: string
  readonly keyHash: string
  /** As JSON, unread. */
  readonly metadata: string | null
  readonly revokedAt: string | null
  readonly lastUsedAt: string | null
  readonly useCount: number
  readonly createdAt: string | null
  /** The organizations that its project and its product belong to; `null` where they are not there. */
  readonly projectOwner: string | null
  readonly productOwner: string | null
  /** Of a key of a project alone, or of a product alone: how many products, or projects, are not linked to it. */
  readonly unlinked: number
}

/** The rows of a table in the order of its key, page by page: each begins behind the last row of the one before. */
export const pages = async function* (
  source: Source,
  statement: (behind: string) => string,
  keys: readonly [string] | readonly [string, string]
) {
  let last: Row | undefined
  for (;;) {
    const [first, second] = keys
    const { parameter } = source
    const values = last === undefined ? [] : second === undefined ? [first] : [first, first, second]
    const behind =
      last === undefined
        ? ""
        : second === undefined
          ? `where ${first} > ${parameter(1)}`
          : `where (${first} > ${parameter(1)} or (${first} = ${parameter(2)} and ${second} > ${parameter(3)}))`
    const sql = `${statement(behind)} order by ${keys.join(", ")} limit ${pageSize}`
    const rows = await source.query(
      sql,
      values.map((column) => last?.[column] ?? null)
    )
    yield* rows
    if (rows.length < pageSize) return
    last = rows.at(-1)
  }
}

/** Everything of a table of organizations, projects or products. */
export const oldTenants = async function* (
  source: Source,
  table: "organizations" | "projects" | "products"
): AsyncGenerator<OldTenant> {
  const organization = table === "organizations" ? "" : "org_id, "
  const createdAt = source.text("created_at", "date")
  const statement = (behind: string) =>
    `select id, ${organization}name, ${createdAt} as created_text from ${table} ${behind}`
  for await (const row of pages(source, statement, ["id"])) {
    yield {
      id: idOf(row["id"]) ?? "",
      organizationId: idOf(row["org_id"]),
      name: textOf(row["name"]) ?? "",
      createdAt: textOf(row["created_text"])
    }
  }
}

export const countKeys = async (source: Source): Promise<number> => {
  const [row] = await source.query("select count(*) as keys_there from api_keys", [])
  return Number(row?.["keys_there"] ?? 0)
}

/** The first characters of each key, or of its secret. */
export const oldKeyPrefixes = async function* (source: Source): AsyncGenerator<string> {
  const statement = (behind: string) => `select id, key_prefix from api_keys ${behind}`
  for await (const row of pages(source, statement, ["id"])) yield textOf(row["key_prefix"]) ?? ""
}

export const oldKeys = async function* (source: Source): AsyncGenerator<OldKey> {
  const date = (column: string) => `${source.text(column, "date")} as ${column}_text`
  const statement = (behind: string) => `
    select id, org_id, project_id, product_id, key_prefix, key_hash, ${source.text("metadata", "json")} as metadata_text,
      ${date("revoked_at")}, ${date("last_used_at")}, use_count, ${date("created_at")},
      (select org_id from projects where projects.id = api_keys.project_id) as project_org_id,
      (select org_id from products where products.id = api_keys.product_id) as product_org_id
    from api_keys ${behind}`
  const countUnlinked = makeCountUnlinked(source)
  for await (const row of pages(source, statement, ["id"])) {
    yield {
      id: idOf(row["id"]) ?? "",
      organizationId: idOf(row["org_id"]) ?? "",
      projectId: idOf(row["project_id"]),
      productId: idOf(row["product_id"]),
      keyPrefix: textOf(row["key_prefix"]) ?? "",
      keyHash: textOf(row["key_hash"]) ?? "",
      metadata: textOf(row["metadata_text"]),
      revokedAt: textOf(row["revoked_at_text"]),
      lastUsedAt: textOf(row["last_used_at_text"]),
      useCount: Number(row["use_count"] ?? 0),
      createdAt: textOf(row["created_at_text"]),
      projectOwner: idOf(row["project_org_id"]),
      productOwner: idOf(row["product_org_id"]),
      unlinked: await countUnlinked(row)
    }
  }
}
