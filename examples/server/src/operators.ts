import { type ApiKeyClient, InsufficientScopeError, type KeyData, KeyId, missingScopes } from "@apikeys/core"
import { HttpError } from "./http/problems.js"

/** What a key of an operator may be good for. The first admin key has `*`. */
export const operatorScopes = { read: "management:read", write: "management:write", verify: "verify" } as const

/**
 * Who may manage: keys of an organization of this server's own, for its one product. A scope alone makes nobody an
 * operator: customers are given scopes of any name, `*` among them.
 */
export interface Operators {
  readonly organizationId: string
  readonly productId: string
}

/** Finds or creates the organization and the product of operators: safe on every start, in any number of processes. */
export const findOperators = async (client: ApiKeyClient): Promise<Operators> => {
  const [organization] = await client.getOrCreateOrganization({ name: "apikeys-system" })
  const [product] = await client.getOrCreateProduct({ organizationId: organization.id, name: "Management API" })
  return { organizationId: organization.id, productId: product.id }
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

/**
 * Refuses an operator who would make, change or end a key of an operator that may do what they may not: nobody rises
 * above themselves. Keys of customers are every operator's to manage.
 */
export const refuseAbove = (
  operators: Operators,
  caller: KeyData,
  key: { readonly organizationId: string; readonly scopes?: ReadonlyArray<string> | null | undefined }
): void => {
  if (key.organizationId !== operators.organizationId) return
  const required = key.scopes ?? []
  const missing = missingScopes(caller.scopes, required)
  if (missing.length > 0) throw new InsufficientScopeError({ keyId: KeyId.make(caller.id), required, missing })
}
