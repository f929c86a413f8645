export {
  basicUser,
  type CredentialOptions,
  type CredentialReader,
  FailureLimit,
  type FailureLimitOptions,
  type GuardOptions,
  MalformedCredentialError,
  noStore,
  type Problem,
  ProblemError,
  type ProblemOptions,
  query,
  type RateLimitDialect,
  scheme,
  type Verifier
} from "@apikeys/http"
export { type ApiKeyAuthOptions, apiKeyAuth } from "./apiKeyAuth.js"
export type { OnError } from "./OnError.js"
export { problemHandler } from "./problemHandler.js"
// A star: only through it can an application extend `Register` under the package's name.
export * from "./Register.js"
