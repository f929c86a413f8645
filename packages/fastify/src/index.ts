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
  securitySchemes,
  type Verifier
} from "@apikeys/http"
export { fastifyApiKeys } from "./fastifyApiKeys.js"
export type { ApiKeysPluginOptions, OnError, RouteGuardOptions } from "./PluginOptions.js"
export { problemHandler } from "./problemHandler.js"
// A star: only through it can an application extend `Register` under the package's name.
export * from "./Register.js"
