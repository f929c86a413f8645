import type { GuardRules } from "./GuardOptions.js"
import { type OptionRule, optionRules } from "./OptionRules.js"
import { hearOut } from "./Thrown.js"

/** What one request is asked for. */
export interface RequestRules {
  readonly organizationId: string | null
  readonly projectId: string | null
  readonly productId: string | null
  readonly requiredScopes: ReadonlyArray<string>
  readonly cost: number
  readonly checkRateLimit: boolean
  readonly trackUsage: boolean
}

/** An id of a request comes from its caller; whether it is one is told by the verifier, to the caller. */
const idOfRequest: OptionRule = {
  holds: (value) => value === null || typeof value === "string",
  words: "is not a string or null"
}

/**
 * One option for each request.
 *
 * @throws TypeError later, where a function gave what it must not: the mistake is the application's
 */
const resolver = <Request, A>(
  name: string,
  option: A | ((request: Request) => A) | undefined,
  standard: A,
  rule: OptionRule
): ((request: Request) => A) => {
  if (typeof option !== "function") {
    const value = option === undefined ? standard : option
    return () => value
  }
  const resolve = option as (request: Request) => A
  return (request) => {
    const value = resolve(request)
    if (!rule.holds(value)) throw notGiven(name, rule.words, value)
    return value
  }
}

/** The mistake of an option that gave what it must not: a promise, for instance, which may still reject. */
export const notGiven = (name: string, words: string, value: unknown): TypeError => {
  hearOut(value)
  return new TypeError(`What ${name} gave ${words}`)
}

/** The rules of checked options: one and the same object where no option is a function. */
export const rulesOf = <Request>(options: GuardRules<Request>): ((request: Request) => RequestRules) => {
  const id = (name: "organizationId" | "projectId" | "productId") =>
    resolver<Request, string | null>(name, options[name], null, idOfRequest)
  const organizationId = id("organizationId")
  const projectId = id("projectId")
  const productId = id("productId")
  const { checkRateLimit, cost, requiredScopes, trackUsage } = {
    requiredScopes: resolver<Request, ReadonlyArray<string>>(
      "requiredScopes",
      Array.isArray(options.requiredScopes) ? Object.freeze([...options.requiredScopes]) : options.requiredScopes,
      Object.freeze([]),
      optionRules.requiredScopes
    ),
    cost: resolver("cost", options.cost, 1, optionRules.cost),
    checkRateLimit: resolver("checkRateLimit", options.checkRateLimit, true, optionRules.checkRateLimit),
    trackUsage: resolver("trackUsage", options.trackUsage, true, optionRules.trackUsage)
  }
  const resolve = (request: Request): RequestRules => ({
    organizationId: organizationId(request),
    projectId: projectId(request),
    productId: productId(request),
    requiredScopes: requiredScopes(request),
    cost: cost(request),
    checkRateLimit: checkRateLimit(request),
    trackUsage: trackUsage(request)
  })
  if (names.some((name) => typeof options[name] === "function")) return resolve
  const rules = Object.freeze(resolve(undefined as Request))
  return () => rules
}

const names = [
  "organizationId",
  "projectId",
  "productId",
  "requiredScopes",
  "cost",
  "checkRateLimit",
  "trackUsage"
] as const satisfies ReadonlyArray<keyof GuardRules<never>>
