import { Input, InvalidInputError } from "@apikeys/core"
import { type AcceptedCredentials, acceptedCredentials } from "./AcceptedCredentials.js"
import type { CredentialReader } from "./CredentialReader.js"
import { FailureLimit, isFailureLimit } from "./FailureLimit.js"
import type { GuardOptions } from "./GuardOptions.js"
import { optionRules } from "./OptionRules.js"
import type { ProblemOptions, ProblemSettings } from "./Problem.js"
import { notGiven, type RequestRules, rulesOf } from "./RequestRules.js"
import { type Verifier, type VerifierSource, verifierOf } from "./Verifier.js"

/** The options as they are used. */
export interface GuardSettings<Request> extends ProblemSettings {
  readonly verifier: (request: Request) => Verifier
  readonly credentials: AcceptedCredentials
  /** Where keys are read beside the fields. */
  readonly read: CredentialReader<Request> | null
  /** The fields that answers vary by. */
  readonly vary: ReadonlyArray<string>
  readonly optional: boolean
  readonly hideCredentials: boolean
  readonly preflight: "answer" | "pass"
  readonly rotationHeader: boolean
  readonly failureLimit: FailureLimit | null
  readonly rules: (request: Request) => RequestRules
}

/**
 * Refuses options that are no plain object, before anything is copied of them: a copy of a promise, or of what has getters
 * of its class, would ask for nothing.
 *
 * @throws InvalidInputError
 * @since 0.1.0
 */
export const checkPlain = (options: unknown): void => {
  if (!Input.isPlainObject(options)) {
    throw new InvalidInputError({ issues: [{ path: "", rule: "is not a plain object" }] })
  }
}

/**
 * Refuses options that break a rule. One that nobody knows is refused as well: a guard with a mistyped
 * `requiredScopes` would let everybody in.
 *
 * @param others options of the adapter
 * @throws InvalidInputError that names every option in question
 */
const check = (options: object, others: ReadonlyArray<string>): void => {
  checkPlain(options)
  const issues = Object.entries(options)
    .filter(([name]) => !others.includes(name))
    .flatMap(([name, value]) => {
      const rule = Object.hasOwn(optionRules, name) ? optionRules[name as keyof typeof optionRules] : undefined
      if (rule === undefined) return [{ path: Input.shownName(name), rule: "is not a known option" }]
      if (value === undefined && rule.mayBeMissing !== false) return []
      if ((rule.perRequest && typeof value === "function") || rule.holds(value)) return []
      return [{ path: name, rule: rule.words }]
    })
  if (issues.length > 0) throw new InvalidInputError({ issues })
}

/**
 * Checks how problems are told, once.
 *
 * @param others options of the adapter
 * @throws InvalidInputError that names every option that breaks a rule
 * @since 0.1.0
 */
export const problemSettings = (
  options: ProblemOptions & Pick<GuardOptions<never>, "credentials">,
  others: ReadonlyArray<string> = []
): ProblemSettings => {
  check(options, others)
  return settingsOfProblems(options)
}

const settingsOfProblems = (options: ProblemOptions & Pick<GuardOptions<never>, "credentials">): ProblemSettings => ({
  realm: options.realm ?? "api",
  scheme: (options.credentials?.bearer ?? true) ? "Bearer" : (options.challengeScheme ?? "ApiKey"),
  revokedStatus: options.revokedStatus ?? 403,
  rateLimitHeaders: options.rateLimitHeaders ?? "draft-11"
})

/** Checks the options of a guard, once. */
export const guardSettings = <Request>(
  options: GuardOptions<Request>,
  others: ReadonlyArray<string>
): GuardSettings<Request> => {
  checkPlain(options)
  check({ ...options, client: options.client }, others)
  const credentials = acceptedCredentials(options.credentials)
  const read = options.credentials?.read ?? null
  return {
    ...settingsOfProblems(options),
    verifier: verifierFor(options.client),
    credentials,
    read,
    vary: [...credentials.fields, ...(read?.fields ?? []).filter((name) => credentials.indexOf(name) < 0)],
    optional: options.optional ?? false,
    hideCredentials: options.hideCredentials ?? false,
    preflight: options.preflight ?? "answer",
    rotationHeader: options.rotationHeader ?? true,
    failureLimit: failureLimitOf(options.failureLimit),
    rules: rulesOf(options)
  }
}

const failureLimitOf = (given: GuardOptions<never>["failureLimit"]): FailureLimit | null =>
  given === undefined ? null : isFailureLimit(given) ? given : new FailureLimit(given)

const verifierFor = <Request>(client: GuardOptions<Request>["client"]): ((request: Request) => Verifier) => {
  if (typeof client !== "function") {
    const verifier = verifierOf(client)
    return () => verifier
  }
  return (request) => {
    const source: VerifierSource = client(request)
    if (!optionRules.client.holds(source)) throw notGiven("client", optionRules.client.words, source)
    return verifierOf(source)
  }
}
