import type { ApiKey } from "./ApiKey.js"
import type { OrganizationId, ProductId, ProjectId } from "./Ids.js"

/** What a call asks a key to be good for. Nothing asked accepts keys of any organization. */
export interface AccessTarget {
  readonly organizationId: OrganizationId | null
  readonly projectId: ProjectId | null
  readonly productId: ProductId | null
}

/** Which projects and products belong where: what has to be known to answer a question. */
export interface Membership {
  /** The organization of the project in question (see {@link ownersInQuestion}); `null` where there is none. */
  readonly projectOrganizationId: OrganizationId | null
  /** The organization of the product in question; `null` where there is none. */
  readonly productOrganizationId: OrganizationId | null
  /** Of the links asked about (see {@link linksInQuestion}), those that exist, in the same order. */
  readonly linked: ReadonlyArray<boolean>
}

/** A product and a project that may be linked. */
export interface Link {
  readonly productId: ProductId
  readonly projectId: ProjectId
}

type Narrowed = Pick<ApiKey, "organizationId" | "projectId" | "productId">

const projectLink = (key: Narrowed, target: AccessTarget): Link | null =>
  target.projectId !== null && key.projectId === null && key.productId !== null
    ? { projectId: target.projectId, productId: key.productId }
    : null

const productLink = (key: Narrowed, target: AccessTarget): Link | null =>
  target.productId !== null && key.productId === null && key.projectId !== null
    ? { projectId: key.projectId, productId: target.productId }
    : null

const targetLink = (target: AccessTarget): Link | null =>
  target.projectId !== null && target.productId !== null
    ? { projectId: target.projectId, productId: target.productId }
    : null

const noLinks: ReadonlyArray<Link> = Object.freeze([])

/** The links on which the answer depends. */
export const linksInQuestion = (key: Narrowed, target: AccessTarget): ReadonlyArray<Link> => {
  const links = [projectLink(key, target), productLink(key, target), targetLink(target)]
  return links.some((link) => link !== null) ? links.filter((link) => link !== null) : noLinks
}

/**
 * The project and the product whose organization one has to know. What a key is narrowed to is of the key's own
 * organization, there for as long as the key is, and never moves; a key of one passes for no other.
 */
export const ownersInQuestion = (
  key: Narrowed,
  { productId, projectId }: AccessTarget
): Pick<AccessTarget, "projectId" | "productId"> => ({
  projectId: key.projectId === null ? projectId : null,
  productId: key.productId === null ? productId : null
})

/** The part of a question that a key fails, or `null` where it is good for all of it. */
export type AccessConstraint = "organization" | "project" | "product"

/**
 * Whether a key is good for what is asked. Everything asked for must belong to the key's organization. A key
 * with a project passes for that one; one with a product alone, for the projects its product is linked to;
 * one of the whole organization, for all; likewise for products. A project and a product asked for together
 * must be linked.
 *
 * @since 0.1.0
 */
export const failedConstraint = (
  key: Narrowed,
  target: AccessTarget,
  membership: Membership
): AccessConstraint | null => {
  const isLinked = (link: Link): boolean =>
    linksInQuestion(key, target).some(
      (known, i) =>
        known.projectId === link.projectId && known.productId === link.productId && membership.linked[i] === true
    )
  if (target.organizationId !== null && target.organizationId !== key.organizationId) return "organization"
  if (target.projectId !== null) {
    const { organizationId, projectId } = key
    if (projectId === null && membership.projectOrganizationId !== organizationId) return "project"
    if (projectId !== null && projectId !== target.projectId) return "project"
    const link = projectLink(key, target)
    if (link !== null && !isLinked(link)) return "project"
  }
  if (target.productId !== null) {
    const { organizationId, productId } = key
    if (productId === null && membership.productOrganizationId !== organizationId) return "product"
    if (productId !== null && productId !== target.productId) return "product"
    const link = productLink(key, target)
    if (link !== null && !isLinked(link)) return "product"
  }
  const together = targetLink(target)
  return together !== null && !isLinked(together) ? "product" : null
}
