import type { GuardOptions, ProblemError } from "@apikeys/http"
import type { FastifyReply, FastifyRequest } from "fastify"

/**
 * Answers a refusal in an application's own way. The status and the fields of the refusal, such as `WWW-Authenticate`
 * and `Retry-After`, are set when it is called. It sends a reply, or throws, which leaves the answer to the error handler
 * of the scope.
 *
 * @since 0.1.0
 */
export type OnError = (error: ProblemError, request: FastifyRequest, reply: FastifyReply) => unknown

/**
 * How the plugin's guards guard, unless they say otherwise.
 *
 * @since 0.1.0
 */
export interface ApiKeysPluginOptions extends GuardOptions<FastifyRequest> {
  /** Default: a problem of RFC 9457 in JSON. */
  readonly onError?: OnError | undefined
}

/**
 * What a guard says for itself. Options that are left out are those of the plugin.
 *
 * @since 0.1.0
 */
export type RouteGuardOptions = Partial<ApiKeysPluginOptions>
