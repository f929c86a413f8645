import { AlreadyExistsError, type ApiKeyClient, InvalidInputError, NotFoundError } from "@apikeys/core"
import { readInstant } from "./instants.js"
import type { MigrationOptions } from "./options.js"
import type { Report } from "./Report.js"
import type { OldLink } from "./source/links.js"
import { impliedLinks, oldLinks } from "./source/links.js"
import { type OldTenant, oldTenants } from "./source/oldRows.js"
import type { Source } from "./source/Source.js"

type Kind = "organization" | "project" | "product"

/** What an error of the library says of a row, as one line. Others are nobody's row, and end the migration. */
const wordsOf = (error: unknown): string => {
  if (error instanceof InvalidInputError) return error.issues.map(({ path, rule }) => `${path} ${rule}`).join(", ")
  if (error instanceof NotFoundError) return `its ${error.entity} is not there`
  throw error
}

/** Under the plain name, or else under one that says whose it was: the same one each time. */
const underSomeName = async (name: string, id: string, take: (name: string) => Promise<boolean>) => {
  const trimmed = name.trim()
  const other = `${[...trimmed].slice(0, 200).join("") || "Unnamed"} (${id.slice(0, 8)})`
  if (trimmed === "") return { created: await take(other), name: other }
  try {
    return { created: await take(trimmed), name: trimmed }
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error
    return { created: await take(other), name: other }
  }
}

const takeOver = (client: ApiKeyClient, kind: Kind, tenant: OldTenant, createdAt: Date | undefined, name: string) => {
  const { id, organizationId } = tenant
  const fields = { id, name, createdAt }
  switch (kind) {
    case "organization":
      return client.importOrganization(fields)
    case "project":
      return client.importProject({ ...fields, organizationId: organizationId ?? "" })
    case "product":
      return client.importProduct({ ...fields, organizationId: organizationId ?? "" })
  }
}

const migrateTenant = async (client: ApiKeyClient, kind: Kind, tenant: OldTenant, report: Report): Promise<void> => {
  const { id } = tenant
  const written = tenant.createdAt === null ? null : readInstant(tenant.createdAt)
  if (tenant.createdAt !== null && written === null) return report.refuse(kind, id, "its creation is not a date")
  try {
    const { created, name } = await underSomeName(tenant.name, id, async (tried) => {
      const [, isNew] = await takeOver(client, kind, tenant, written?.at, tried)
      return isNew
    })
    report.tallies[kind][created ? "imported" : "existing"]++
    if (created && name !== tenant.name.trim()) report.say("renamed", kind, id, `is "${name}" from now on`)
  } catch (error) {
    // Of two that want one name, the second one's other name is its own: nobody else has its id.
    if (error instanceof AlreadyExistsError) report.refuse(kind, id, "its name is taken")
    else report.refuse(kind, id, wordsOf(error))
  }
}

/** The products that a project is linked to in the new database. */
const productsOf = async (client: ApiKeyClient, projectId: string): Promise<Set<string>> => {
  const found = new Set<string>()
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<ApiKeyClient["listProductsOfProject"]>> = await client.listProductsOfProject({
      projectId,
      limit: 1000,
      cursor
    })
    for (const { id } of page.items) found.add(id)
    cursor = page.nextCursor
  } while (cursor !== null)
  return found
}

/** Whether links are there in the new database. Those of a project come one after the other. */
const makeIsThere = (client: ApiKeyClient) => {
  let there: { readonly projectId: string; readonly products: Set<string> } | undefined
  return async ({ productId, projectId }: OldLink): Promise<boolean> => {
    if (there?.projectId !== projectId) there = { projectId, products: await productsOf(client, projectId) }
    return there.products.has(productId)
  }
}

const nameOf = ({ productId, projectId }: OldLink): string => `${projectId} to ${productId}`

const migrateLinks = async (client: ApiKeyClient, source: Source, report: Report): Promise<void> => {
  const isThere = makeIsThere(client)
  for await (const { isForeign, link } of oldLinks(source)) {
    if (isForeign) {
      report.refuse("link", nameOf(link), "its product belongs to another organization")
      continue
    }
    try {
      const existing = await isThere(link)
      if (!existing) await client.addProductToProject(link)
      report.tallies.link[existing ? "existing" : "imported"]++
    } catch (error) {
      report.refuse("link", nameOf(link), wordsOf(error))
    }
  }
}

/** Those without which a key would be refused for what it was good for. */
const addImpliedLinks = async (client: ApiKeyClient, source: Source, report: Report): Promise<void> => {
  const isThere = makeIsThere(client)
  for await (const link of impliedLinks(source)) {
    try {
      if (await isThere(link)) continue
      await client.addProductToProject(link)
      report.tallies.link.imported++
      report.say("linked", "link", nameOf(link), "added, since keys imply it")
    } catch (error) {
      report.refuse("link", nameOf(link), wordsOf(error))
    }
  }
}

/** Whom keys belong to: organizations, projects, products and links, one at a time and in the order of their ids. */
export const migrateTenants = async (
  client: ApiKeyClient,
  source: Source,
  { links }: MigrationOptions,
  report: Report
): Promise<void> => {
  for (const kind of ["organization", "project", "product"] as const) {
    for await (const tenant of oldTenants(source, `${kind}s`)) await migrateTenant(client, kind, tenant, report)
  }
  await migrateLinks(client, source, report)
  if (links === "add") await addImpliedLinks(client, source, report)
}
