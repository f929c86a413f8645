import type { KeyData, Metadata } from "@apikeys/core"

/**
 * What an application says of its own, once, so that `req.apiKey` has the type of its metadata. With `property` as well,
 * the key stands under another name: for applications that have declared a `req.apiKey` of their own.
 *
 * @example
 * ```ts
 * declare module "@apikeys/express" {
 *   interface Register {
 *     metadata: { plan: "free" | "pro" }
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications give it members.
export interface Register {}

/** The metadata of keys: `Metadata`, unless an application registered its own. */
export type RegisteredMetadata = Register extends { readonly metadata: infer M } ? M : Metadata

/** The key of a request. */
export type RequestKey = KeyData<RegisteredMetadata>

/** The name under which requests have their key: `apiKey`, unless an application registered its own. */
export type RegisteredProperty = Register extends { readonly property: infer P extends string } ? P : "apiKey"

/** The option for it, which cannot be forgotten where another name is registered. */
export type PropertyOption = RegisteredProperty extends "apiKey"
  ? { readonly property?: "apiKey" | undefined }
  : { readonly property: RegisteredProperty }

/** The same as an argument. */
export type PropertyArgument = RegisteredProperty extends "apiKey"
  ? readonly [property?: "apiKey"]
  : readonly [property: RegisteredProperty]

/** What guards add to a request: absent where none admitted it. */
export type KeyProperty = { [P in RegisteredProperty]?: RequestKey }

declare global {
  namespace Express {
    interface Request extends KeyProperty {}
  }
}

/**
 * The key that a request was admitted with.
 *
 * @param property the name under which it is there, where that is not `apiKey`
 * @throws Error where no guard admitted the request: the route lacks its `apiKeyAuth`
 * @since 0.1.0
 */
export const apiKeyOf = (request: Express.Request, ...[property = "apiKey"]: PropertyArgument): RequestKey => {
  const key = request[property as RegisteredProperty]
  if (key === undefined) throw new Error("No API key was checked for this request: its route has no apiKeyAuth")
  return key
}
