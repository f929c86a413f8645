import type { InvalidInputError, VerifiedKeyData } from "@apikeys/core"
import { warnOnce } from "./AddressWarnings.js"
import { type Admission, admissionOf, admit, ofWholeCost, questionOf, remember } from "./Admission.js"
import { cacheFields } from "./Caching.js"
import { MalformedCredentialError, MissingCredentialError, TooManyFailuresError } from "./CredentialErrors.js"
import type { Answered, Decision, Passed, Refused } from "./Decision.js"
import type { FailureLimit } from "./FailureLimit.js"
import { type GuardError, isGuardError } from "./GuardError.js"
import type { GuardOptions } from "./GuardOptions.js"
import { type GuardSettings, guardSettings } from "./GuardSettings.js"
import type { HeaderFields } from "./HeaderFields.js"
import { isPreflight } from "./Preflight.js"
import { hide, takeCredential } from "./PresentedCredential.js"
import { toProblem } from "./Problem.js"
import { rateLimitFields } from "./RateLimitFields.js"
import type { RequestMessage } from "./RequestMessage.js"
import type { RequestRules } from "./RequestRules.js"
import { rotationFields } from "./RotationField.js"
import { errorOf, hearOut } from "./Thrown.js"
import type { Verifier } from "./Verifier.js"

/**
 * What a guard has to know of a framework.
 *
 * @since 0.1.0
 */
export interface RequestReader<Request> {
  /** Node's message behind the framework's request; the same object for every guard of a request. */
  readonly message: (request: Request) => RequestMessage
  /** The client's address as the framework knows it: never what a stranger can write into a header. */
  readonly address: (request: Request) => string | undefined
  /** Whether the framework takes the address from what a proxy says. Without it, no warning is given. */
  readonly trustsProxy?: (request: Request) => boolean
}

/**
 * The rules of one guard, whatever the framework.
 *
 * @since 0.1.0
 */
export interface Guard<Request> {
  /**
   * What the answer on a guarded route needs, whatever it will be; to be set first of all.
   *
   * @param get the value that a field of the response has so far
   */
  readonly cacheFields: (get: (name: string) => number | string | ReadonlyArray<string> | undefined) => HeaderFields
  /**
   * Decides about a request: at once where no key has to be looked up. Throws, or rejects, only with what is neither the
   * caller's fault nor the store's: a mistake of the application, which its own error handling is to answer. What it
   * throws is an `Error`, whatever the application's functions threw.
   */
  readonly check: (request: Request) => Decision | Promise<Decision>
}

const withoutKey: Passed = { _tag: "Passed", key: null, fields: [] }
const answered: Answered = { _tag: "Answered", status: 204 }

/**
 * Makes a guard. Options are checked here, once.
 *
 * @param adapterOptions names of further options, which the adapter checks
 * @throws InvalidInputError that names every option that breaks a rule
 * @since 0.1.0
 */
export const makeGuard = <Request>(
  options: GuardOptions<Request>,
  reader: RequestReader<Request>,
  adapterOptions: ReadonlyArray<string> = []
): Guard<Request> => {
  const settings = guardSettings(options, adapterOptions)
  return {
    cacheFields: (get) => cacheFields(get, settings.vary),
    check: (request) => {
      try {
        const decision = decide(settings, reader, request)
        return "then" in decision ? decision.catch(rethrow) : decision
      } catch (thrown) {
        return rethrow(thrown)
      }
    }
  }
}

/** The one place in which what leaves a guard becomes an `Error`. */
const rethrow = (thrown: unknown): never => {
  throw errorOf(thrown)
}

const decide = <Request>(
  settings: GuardSettings<Request>,
  reader: RequestReader<Request>,
  request: Request
): Decision | Promise<Decision> => {
  const message = reader.message(request)
  if (isPreflight(message.method, message.headers)) {
    if (settings.preflight === "answer") return answered
    // No browser sends a key along, but somebody may.
    if (settings.hideCredentials) hide(settings, request, message)
    return withoutKey
  }
  const verifier = settings.verifier(request)
  const credential = takeCredential(settings, request, message)
  if (credential._tag === "Absent")
    return settings.optional ? withoutKey : refuse(settings, new MissingCredentialError())
  if (credential._tag === "Malformed")
    return refuse(settings, new MalformedCredentialError({ reason: credential.reason }))
  const { plaintext } = credential
  const before = admissionOf(message, verifier, plaintext)
  const presented = { request, message, verifier, plaintext, before }
  // A client whose key was accepted has failed with none.
  if (settings.failureLimit === null || before !== undefined) return verify(settings, presented, null)
  return admitClient(settings, presented, settings.failureLimit, reader)
}

/** A request with a key, and what is known of it. */
interface Presented<Request> {
  readonly request: Request
  readonly message: RequestMessage
  readonly verifier: Verifier
  readonly plaintext: string
  readonly before: Admission | undefined
}

/** Counts a failure of the client that a request comes from. */
type RecordFailure = () => void

const refuse = (settings: GuardSettings<never>, error: GuardError): Refused => ({
  _tag: "Refused",
  error: toProblem(error, settings)
})

/** A client that presented too many unknown keys is refused before anything is looked up for it. */
const admitClient = <Request>(
  settings: GuardSettings<Request>,
  presented: Presented<Request>,
  limit: FailureLimit,
  reader: RequestReader<Request>
): Decision | Promise<Decision> => {
  const { message, request } = presented
  const address = reader.address(request)
  if (address === undefined) warnOnce(limit, "APIKEYS_NO_CLIENT_ADDRESS")
  else if (message.headers["x-forwarded-for"] !== undefined && reader.trustsProxy?.(request) === false) {
    warnOnce(limit, "APIKEYS_NO_TRUSTED_PROXY")
  }
  const retryAfterSeconds = limit.wait(address)
  return retryAfterSeconds > 0
    ? refuse(settings, new TooManyFailuresError({ retryAfterSeconds }))
    : verify(settings, presented, () => limit.record(address))
}

const verify = <Request>(
  settings: GuardSettings<Request>,
  { before, message, plaintext, request, verifier }: Presented<Request>,
  recordFailure: RecordFailure | null
): Decision | Promise<Decision> => {
  const rules = settings.rules(request)
  const question = questionOf(rules, before)
  if (question === null) return { _tag: "Passed", key: (before as Admission).key, fields: [] }

  const pass = (answer: VerifiedKeyData<unknown>): Decision => {
    checkAnswer(answer)
    const admission = admit(verifier, plaintext, answer, question, rules, before)
    remember(message, admission)
    const fields = question.looks ? rateLimitFields(settings.rateLimitHeaders, admission.limits) : []
    const rotation = settings.rotationHeader ? rotationFields(answer) : []
    return { _tag: "Passed", key: admission.key, fields: [...fields, ...rotation] }
  }
  const fail = (error: unknown): Decision => refuse(settings, refusalOf(error, recordFailure, before, rules))

  // A request that needs no store is spared the promise.
  const known = verifier.tryValidateKey?.(plaintext, question.options) ?? null
  if (known === null) return Promise.resolve(verifier.validateKey(plaintext, question.options)).then(pass, fail)
  return known instanceof Error ? fail(known) : pass(known)
}

/** A client of the application's own, such as a mock, may give anything: without a key, nothing goes on. */
const checkAnswer = (answer: VerifiedKeyData<unknown> | undefined): void => {
  if (typeof answer?.key === "object" && answer.key !== null) return
  hearOut(answer)
  throw new TypeError("What the client gave is no verified key")
}

/** What the caller is told; throws what is not the caller's to know. */
const refusalOf = (
  error: unknown,
  recordFailure: RecordFailure | null,
  before: Admission | undefined,
  { cost }: RequestRules
): GuardError => {
  if (!isGuardError(error)) throw error
  if (error._tag === "InvalidKeyError") recordFailure?.()
  if (error._tag === "QuotaError" && before !== undefined) return ofWholeCost(error, cost)
  if (error._tag === "InvalidInputError" && !isOfIds(error)) throw new TypeError(`The guard's rules: ${error.message}`)
  return error
}

/** Ids may come from the request. Whatever else the verifier refuses is the application's own. */
const isOfIds = ({ issues }: InvalidInputError): boolean =>
  issues.every(({ path }) => path === "organizationId" || path === "projectId" || path === "productId")
