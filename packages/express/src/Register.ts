import type { KeyData, Metadata } from "@apikeys/core"

/**
 * What an application says of its own, once, so that `req.apiKey` has the type of its metadata.
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

declare global {
  namespace Express {
    interface Request {
      /** The key that the request was admitted with; absent where no guard admitted it. */
      apiKey?: RequestKey
    }
  }
}

/**
 * The key that a request was admitted with.
 *
 * @throws Error where no guard admitted the request: the route lacks its `apiKeyAuth`
 * @since 0.1.0
 */
export const apiKeyOf = (request: Express.Request): RequestKey => {
  if (request.apiKey === undefined)
    throw new Error("No API key was checked for this request: its route has no apiKeyAuth")
  return request.apiKey
}
