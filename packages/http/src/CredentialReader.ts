import type { SecurityScheme } from "./SecurityScheme.js"

/**
 * Reads a key from a request: `null` where there is none. It may throw a `MalformedCredentialError`, which is answered with
 * 400; whatever else it throws is a mistake of the application.
 *
 * @since 0.1.0
 */
export interface CredentialReader<Request> {
  (request: Request): string | null | undefined
  /** Names of the fields that it reads: answers vary by them. */
  readonly fields?: ReadonlyArray<string> | undefined
  /** Takes the key out of the request for what runs later, where `hideCredentials` is set. */
  readonly hide?: ((request: Request) => void) | undefined
  /** How an OpenAPI document names it. */
  readonly securityScheme?: readonly [name: string, scheme: SecurityScheme] | undefined
}
