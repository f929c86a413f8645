import type { KeyData, Metadata } from "@apikeys/core"
import type { onRequestHookHandler } from "fastify"
import type { RouteGuardOptions } from "./PluginOptions.js"

/**
 * What an application says of its own, once, so that `request.apiKey` has the type of its metadata.
 *
 * @example
 * ```ts
 * declare module "@apikeys/fastify" {
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

declare module "fastify" {
  interface FastifyRequest {
    /** The key that the request was admitted with; `null` where no guard admitted it. */
    apiKey: RequestKey | null
  }
  interface FastifyInstance {
    /**
     * A guard as an `onRequest` hook, of a route or of a scope. Its options stand before those of the plugin.
     *
     * @throws InvalidInputError that names every option that breaks a rule
     */
    requireApiKey(options?: RouteGuardOptions): onRequestHookHandler
  }
  interface FastifyContextConfig {
    /**
     * Guards the route: with the plugin's options, or with these before them. `false` exempts it from the guards of its
     * scope. An application with a route that asks for a key in a scope without the plugin does not start.
     */
    apiKey?: boolean | RouteGuardOptions
  }
}

/**
 * The key that a request was admitted with.
 *
 * @throws Error where no guard admitted the request: the route has none
 * @since 0.1.0
 */
export const apiKeyOf = (request: { readonly apiKey: RequestKey | null }): RequestKey => {
  if (request.apiKey === null) throw new Error("No API key was checked for this request: its route has no guard")
  return request.apiKey
}
