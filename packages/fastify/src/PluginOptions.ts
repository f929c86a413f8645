import type { GuardOptions, ProblemError } from "@apikeys/http"
import type { FastifyReply, FastifyRequest } from "fastify"
import type { PropertyOption } from "./Register.js"

/**
 * Answers a refusal in an application's own way: it sends a reply, which then has the status and the fields of the
 * refusal, such as `WWW-Authenticate` and `Retry-After`, unless it sets a status of its own. Or it throws, which leaves
 * the answer to the error handler of the scope, or to whatever else called the guard, with nothing of the refusal.
 *
 * @since 0.1.0
 */
export type OnError = (error: ProblemError, request: FastifyRequest, reply: FastifyReply) => unknown

/**
 * How the plugin's guards guard, unless they say otherwise.
 *
 * @since 0.1.0
 */
export interface ApiKeysPluginOptions extends GuardOptions<FastifyRequest>, PropertyOption {
  /** Default: a problem of RFC 9457 in JSON. */
  readonly onError?: OnError | undefined
}

/**
 * What a guard says for itself. Options that are left out are those of the plugin.
 *
 * @since 0.1.0
 */
export type RouteGuardOptions = Partial<Omit<ApiKeysPluginOptions, "property">>
