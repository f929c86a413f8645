import type { OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"
import { isPlainObject } from "../../domain/PlainObject.js"
import type { Validation } from "./Validation.js"

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const scope = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/
const maxScopes = 100

/** What is not of the usual form. */
class Unusual {}
const unusual = new Unusual()

const idOf = (value: unknown): string | null => {
  if (value === null) return null
  if (typeof value === "string" && value.length === 36 && uuid.test(value)) return value
  throw unusual
}

const isScope = (value: unknown): value is string => typeof value === "string" && scope.test(value)

const flagOf = (value: unknown): boolean => {
  if (value === undefined) return true
  if (typeof value === "boolean") return value
  throw unusual
}

const costOf = (value: unknown): number => {
  if (value === undefined) return 1
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value
  throw unusual
}

const noScopes: ReadonlyArray<string> = Object.freeze([])

/** A copy, since the caller's list may change while the store is asked. */
const scopesOf = (value: unknown): ReadonlyArray<string> => {
  if (value === null) return noScopes
  if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype || value.length > maxScopes)
    throw unusual
  if (value.length === 0) return noScopes
  const scopes: Array<string> = []
  for (let i = 0; i < value.length; i++) {
    const each: unknown = value[i]
    if (!isScope(each) || scopes.includes(each)) throw unusual
    scopes.push(each)
  }
  return scopes
}

const read = (input: object): Validation => {
  if (!isPlainObject(input)) throw unusual
  let organizationId: string | null = null
  let projectId: string | null = null
  let productId: string | null = null
  let requiredScopes = noScopes
  let trackUsage = true
  let checkRateLimit = true
  let cost = 1
  for (const name of Reflect.ownKeys(input)) {
    const value: unknown = Reflect.get(input, name)
    switch (name) {
      case "organizationId":
        organizationId = idOf(value)
        break
      case "projectId":
        projectId = idOf(value)
        break
      case "productId":
        productId = idOf(value)
        break
      case "requiredScopes":
        requiredScopes = scopesOf(value)
        break
      case "trackUsage":
        trackUsage = flagOf(value)
        break
      case "checkRateLimit":
        checkRateLimit = flagOf(value)
        break
      case "cost":
        cost = costOf(value)
        break
      default:
        throw unusual
    }
  }
  return {
    organizationId: organizationId as OrganizationId | null,
    projectId: projectId as ProjectId | null,
    productId: productId as ProductId | null,
    requiredScopes,
    trackUsage,
    checkRateLimit,
    cost
  }
}

/** Of options that cannot change any more, such as a guard's, which are the same for each request. */
const constants = new WeakMap<object, Validation>()

const isConstant = (input: object): boolean =>
  Object.isFrozen(input) &&
  Object.values(Object.getOwnPropertyDescriptors(input)).every(
    ({ get, value }) => get === undefined && (typeof value !== "object" || Object.isFrozen(value))
  )

/** Options of the usual form: a plain object of known fields, each as it is stored. `null` for any other. */
export const readPlainOptions = (input: unknown): Validation | null => {
  if (typeof input !== "object" || input === null) return null
  const known = constants.get(input)
  if (known !== undefined) return known
  try {
    const validation = read(input)
    if (isConstant(input)) constants.set(input, Object.freeze(validation))
    return validation
  } catch {
    // Also what a getter or a proxy of the caller's threw: the schema reads it again, and tells.
    return null
  }
}
