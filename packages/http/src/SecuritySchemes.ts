import { acceptedCredentials, type CredentialOptions } from "./AcceptedCredentials.js"

/**
 * A security scheme of OpenAPI 3.
 *
 * @since 0.1.0
 */
export type SecurityScheme =
  | { readonly type: "http"; readonly scheme: "bearer"; readonly description: string }
  | { readonly type: "apiKey"; readonly in: "header"; readonly name: string; readonly description: string }

/**
 * `components.securitySchemes` of an OpenAPI document, for the fields in which keys are accepted. A scheme's name is
 * that of its field; any one of them is enough.
 *
 * @since 0.1.0
 */
export const securitySchemes = (credentials?: CredentialOptions): Readonly<Record<string, SecurityScheme>> => {
  const { bearer, fields } = acceptedCredentials(credentials)
  return Object.fromEntries(
    fields.map((name, i): [string, SecurityScheme] =>
      bearer && i === 0
        ? ["bearer", { type: "http", scheme: "bearer", description: "An API key as a bearer token" }]
        : [name, { type: "apiKey", in: "header", name, description: "An API key" }]
    )
  )
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
