import {
  type KeyData,
  QuotaError,
  type RateLimitStatus,
  type ValidateKeyOptions,
  type VerifiedKeyData
} from "@apikeys/core"
import type { RequestRules } from "./RequestRules.js"
import type { Verifier } from "./Verifier.js"

/** What the guards that a request passed so far have found and charged. */
export interface Admission {
  readonly verifier: Verifier
  readonly plaintext: string
  readonly key: KeyData<unknown>
  readonly limits: ReadonlyArray<RateLimitStatus>
  /** The cost that the limits were charged; `null` while they were not looked at. */
  readonly charged: number | null
  /** Whether the request was counted as a use. */
  readonly counted: boolean
}

/** What one more guard asks of the verifier. */
export interface Question {
  readonly options: ValidateKeyOptions
  /** Whether the limits are charged, or looked at. */
  readonly looks: boolean
  readonly counts: boolean
}

/** By verifier and key: guards of a request may ask different ones, for different keys. Whoever prints the request does not see them. */
class Admissions {
  readonly #all: ReadonlyArray<Admission>

  constructor(all: ReadonlyArray<Admission>) {
    this.#all = all
  }

  of(verifier: Verifier, plaintext: string): Admission | undefined {
    return this.#all.find((admission) => admission.verifier === verifier && admission.plaintext === plaintext)
  }

  with(admission: Admission): Admissions {
    const before = this.of(admission.verifier, admission.plaintext)
    return new Admissions([...this.#all.filter((known) => known !== before), admission])
  }
}

/** Where a request has them. A `WeakMap` of requests would cost each of them more than all else that a guard does. */
const admissions = Symbol("@apikeys/http/admissions")

interface Admitted {
  [admissions]?: Admissions
}

/** What earlier guards of this request found with this verifier for this key. */
export const admissionOf = (message: object, verifier: Verifier, plaintext: string): Admission | undefined =>
  (message as Admitted)[admissions]?.of(verifier, plaintext)

/** Keeps what a guard found for those that come later. */
export const remember = (message: object, admission: Admission): void => {
  const admitted = message as Admitted
  admitted[admissions] = admitted[admissions]?.with(admission) ?? new Admissions([admission])
}

/**
 * What is left to ask for a request: one request is charged once, however many guards it passes, so that a later one
 * charges only what its cost is higher by. `null` where nothing is left.
 */
export const questionOf = (rules: RequestRules, admission: Admission | undefined): Question | null => {
  if (admission !== undefined || !Object.isFrozen(rules)) return makeQuestion(rules, admission)
  const known = firstQuestions.get(rules) ?? makeQuestion(rules, undefined)
  if (known !== null) firstQuestions.set(rules, known)
  return known
}

/** Of rules that are the same for each request: what a request is asked that passed no guard before. */
const firstQuestions = new WeakMap<RequestRules, Question>()

const makeQuestion = (rules: RequestRules, admission: Admission | undefined): Question | null => {
  const charged = admission?.charged ?? null
  const due = Math.max(0, rules.cost - (charged ?? 0))
  const looks = rules.checkRateLimit && (charged === null || due > 0)
  const counts = rules.trackUsage && rules.cost > 0 && admission?.counted !== true
  if (admission !== undefined && !looks && !counts && !asks(rules)) return null
  const { organizationId, productId, projectId, requiredScopes } = rules
  return {
    // Where no limit is looked at, a cost says only whether the call is a use.
    options: Object.freeze({
      organizationId,
      projectId,
      productId,
      requiredScopes,
      checkRateLimit: looks,
      trackUsage: counts,
      cost: looks ? due : counts ? 1 : 0
    }),
    looks,
    counts
  }
}

const asks = (rules: RequestRules): boolean =>
  rules.organizationId !== null ||
  rules.projectId !== null ||
  rules.productId !== null ||
  rules.requiredScopes.length > 0

/** What is known after a question was answered. */
export const admit = (
  verifier: Verifier,
  plaintext: string,
  answer: VerifiedKeyData<unknown>,
  { counts, looks }: Question,
  rules: RequestRules,
  before: Admission | undefined
): Admission => ({
  verifier,
  plaintext,
  // An answer that counted no use knows less of the uses than one that did.
  key: before?.counted === true ? before.key : answer.key,
  limits: looks ? answer.limits : (before?.limits ?? []),
  charged: looks ? Math.max(rules.cost, before?.charged ?? 0) : (before?.charged ?? null),
  counted: counts || before?.counted === true
})

/**
 * A refusal of the difference, told as one of the whole cost: a request that costs more than a limit ever holds does
 * not fit later either, although the difference would.
 */
export const ofWholeCost = (error: QuotaError, cost: number): QuotaError => {
  const never = (limit: RateLimitStatus) => cost > (limit.burst ?? limit.requests)
  if (!error.limits.some(never)) return error
  return new QuotaError({
    keyId: error.keyId,
    retryAfterSeconds: null,
    limits: error.limits.map((limit) => (never(limit) ? { ...limit, retryAfterSeconds: null } : limit))
  })
}
