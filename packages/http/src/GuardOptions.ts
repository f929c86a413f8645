import type { CredentialOptions } from "./AcceptedCredentials.js"
import type { FailureLimit, FailureLimitOptions } from "./FailureLimit.js"
import type { ProblemOptions } from "./Problem.js"
import type { VerifierSource } from "./Verifier.js"

/** A value, or a function that gives it for a request. */
export type PerRequest<Request, A> = A | ((request: Request) => A)

/**
 * What a route asks of a key. A guard that asks for no organization, project or product accepts **keys of any
 * organization**.
 *
 * A function is called once a request, after its key was read and before it is verified. `undefined`, such as a setting
 * that is missing, is refused where something was to be asked; `null` says that nothing is asked.
 *
 * @since 0.1.0
 */
export interface GuardRules<Request> {
  readonly organizationId?: PerRequest<Request, string | null>
  readonly projectId?: PerRequest<Request, string | null>
  readonly productId?: PerRequest<Request, string | null>
  /** Literal scopes, all of which the key must cover. Default none. */
  readonly requiredScopes?: PerRequest<Request, ReadonlyArray<string>>
  /**
   * What the request takes from each limit. Default 1; 0 looks without taking, and is no use. Of several guards that a
   * request passes, the highest cost counts.
   */
  readonly cost?: PerRequest<Request, number> | undefined
  /** Whether the key's rate limits are charged. Default `true`. */
  readonly checkRateLimit?: PerRequest<Request, boolean> | undefined
  /** Whether the request counts in `useCount` and `lastUsedAt`. Default `true`. */
  readonly trackUsage?: PerRequest<Request, boolean> | undefined
}

/**
 * How routes are guarded.
 *
 * @since 0.1.0
 */
export interface GuardOptions<Request> extends GuardRules<Request>, ProblemOptions {
  /** An `ApiKeyClient`, or an Effect runtime that has the services. */
  readonly client: PerRequest<Request, VerifierSource>
  /** Where keys are taken from. Default `Authorization: Bearer <key>` and `X-API-Key: <key>`. */
  readonly credentials?: CredentialOptions<Request> | undefined
  /** Lets requests without a credential go on without a key; a wrong one is refused all the same. Default `false`. */
  readonly optional?: boolean | undefined
  /** Takes the key out of the request, so that nothing that runs later can log or forward it. Default `false`. */
  readonly hideCredentials?: boolean | undefined
  /**
   * What becomes of CORS preflights, which browsers send without a key. `answer`, the default: the guard answers them with
   * 204, so that no handler runs for a stranger; CORS middleware stands before the guard. `pass` hands them on to
   * handlers that are to answer them.
   */
  readonly preflight?: "answer" | "pass" | undefined
  /** Tells callers whose key was rotated until when it works, in `API-Key-Rotation`. Default `true`. */
  readonly rotationHeader?: boolean | undefined
  /** Refuses clients that present too many unknown keys. One `FailureLimit` given to several guards is shared. Default none. */
  readonly failureLimit?: FailureLimit | FailureLimitOptions | undefined
}
