import { acceptedCredentials, type CredentialOptions } from "./AcceptedCredentials.js"
import type { SecurityScheme } from "./SecurityScheme.js"

/**
 * `components.securitySchemes` of an OpenAPI document, for the fields in which keys are accepted, and for a reader that
 * says how it is named. A scheme's name is that of its field; any one of them is enough.
 *
 * @since 0.1.0
 */
export const securitySchemes = (credentials?: CredentialOptions): Readonly<Record<string, SecurityScheme>> => {
  const { bearer, fields } = acceptedCredentials(credentials)
  const ofFields = fields.map((name, i): readonly [string, SecurityScheme] =>
    bearer && i === 0
      ? ["bearer", { type: "http", scheme: "bearer", description: "An API key as a bearer token" }]
      : [name, { type: "apiKey", in: "header", name, description: "An API key" }]
  )
  const elsewhere = credentials?.read?.securityScheme
  return Object.fromEntries(elsewhere === undefined ? ofFields : [...ofFields, elsewhere])
}

/**
 * `security` of an operation: any one of the schemes.
 *
 * @since 0.1.0
 */
export const securityRequirements = (
  credentials?: CredentialOptions
): ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>> =>
  Object.keys(securitySchemes(credentials)).map((name) => ({ [name]: [] }))
