import { createHmac } from "node:crypto"
import { AlreadyExistsError, type ApiKeyClient, NotFoundError, type ProductData } from "@apikeys/core"
import { HttpError } from "./http/problems.js"

/**
 * Who may manage: keys of an organization of this server's own, for its one product. A scope alone makes nobody an
 * operator: customers are given scopes of any name, `*` among them.
 */
export interface Operators {
  readonly organizationId: string
  readonly productId: string
}

/** How the organization of operators is recognized. */
export interface OperatorsIdentity {
  /** Ids are derived from it: anybody may take a name, but only its holder can compute the id. */
  readonly signingSecret: string
  /** The id of an organization to use instead, which an earlier version of this server found by its name. */
  readonly adopted: string | null
}

const organizationName = "apikeys-system"
const productName = "Management API"

/** A UUID of version 8, the one for ids that are made in a way of one's own. */
const derivedId = (signingSecret: string, entity: "organization" | "product"): string => {
  const bytes = createHmac("sha256", signingSecret).update(`apikeys-server operators ${entity}`).digest()
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

/** Finds or creates the organization and the product of operators: safe on every start, in any number of processes. */
export const findOperators = async (client: ApiKeyClient, identity: OperatorsIdentity): Promise<Operators> => {
  const { adopted, signingSecret } = identity
  if (adopted !== null) return adoptOperators(client, adopted)
  const organizationId = derivedId(signingSecret, "organization")
  const productId = derivedId(signingSecret, "product")
  try {
    await client.importOrganization({ id: organizationId, name: organizationName })
    await client.importProduct({ id: productId, organizationId, name: productName })
  } catch (error) {
    throw error instanceof AlreadyExistsError ? new Error(whatToDo(error)) : error
  }
  return { organizationId, productId }
}

const whatToDo = ({ entity, existingId, existingName }: AlreadyExistsError): string =>
  `The name ${existingName}, which this server reserves for its operators, belongs to the ${entity} ${existingId}, which \
it did not create under this signing secret. All keys of that ${entity} would be admin keys, so nothing was started. \
Either an earlier version of this server created it, or this server under another signing secret: then list its keys, \
revoke those that are not your operators', and set APIKEYS_OPERATORS_ORGANIZATION to the id of the organization. Or \
somebody else created it: then give it another name in the database (update apikeys_${entity}s set name = 'renamed' \
where name = '${existingName}') and start again`

/** Only what an earlier version left is adopted: another organization's keys would become admin keys. */
const adoptOperators = async (client: ApiKeyClient, organizationId: string): Promise<Operators> => {
  let product: ProductData | null = null
  try {
    const { name } = await client.getOrganization(organizationId)
    const projects = await client.listProjects({ organizationId, limit: 1 })
    // No version created a project there: somebody else did.
    if (name === organizationName && projects.items.length === 0) {
      product = await client.getProductByName({ organizationId, name: productName })
    }
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
  if (product === null) {
    throw new Error(
      `APIKEYS_OPERATORS_ORGANIZATION is not the id of an organization ${organizationName} that has a product \
${productName}, and no project`
    )
  }
  return { organizationId: product.organizationId, productId: product.id }
}

/** What a key is made of that may do everything. */
export const operatorKey = (operators: Operators, name: string) => ({ ...operators, name, scopes: ["*"] })

/**
 * Refuses what would take the ground from under the operators, and what would put anything else on it: so an
 * operator's key has no owner but these two.
 */
export const refuseReserved = ({ organizationId, productId }: Operators, id: string | null | undefined): void => {
  if (id === organizationId || id === productId) {
    throw new HttpError(403, "reserved", "The operators' own organization and product are not to be changed")
  }
}
