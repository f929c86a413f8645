import { NotFoundError } from "../domain/Errors.js"
import type { OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import type { NewKey } from "../ports/KeyStore.js"
import { fromKey } from "./KeyRow.js"
import { digestKey, linkKey, type State } from "./State.js"

/** Who a key is to belong to. */
interface Narrowed {
  readonly organizationId: OrganizationId
  readonly projectId: ProjectId | null
  readonly productId: ProductId | null
}

/** The first of organization, project and product that is not there, or not of the organization. */
export const findAbsentOwner = (
  state: State,
  { organizationId, productId, projectId }: Narrowed
): NotFoundError | null => {
  if (state.organizations.find(organizationId) === undefined) {
    return new NotFoundError({ entity: "organization", id: organizationId })
  }
  if (projectId !== null && state.projects.find(projectId)?.owner !== organizationId) {
    return new NotFoundError({ entity: "project", id: projectId })
  }
  if (productId !== null && state.products.find(productId)?.owner !== organizationId) {
    return new NotFoundError({ entity: "product", id: productId })
  }
  return null
}

/** Whether project and product, where both are given, are linked. */
export const areLinked = (state: State, { productId, projectId }: Narrowed): boolean =>
  projectId === null || productId === null || state.links.has(linkKey({ projectId, productId }))

/** Puts a key and its digest into the tables. */
export const writeKey = (state: State, newKey: NewKey): void => {
  const { digest, key } = newKey
  state.keys.set(key.id, fromKey(newKey))
  state.digests.set(digestKey(digest.bytes), {
    keyId: key.id,
    bytes: digest.bytes.slice(),
    secretId: digest.secretId
  })
}
