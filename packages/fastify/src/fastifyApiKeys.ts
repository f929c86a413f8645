import { InvalidInputError } from "@apikeys/core"
import { type CredentialOptions, checkPlain, FailureLimit, isFailureLimit, securityRequirements } from "@apikeys/http"
import type { FastifyInstance, FastifyPluginCallback, FastifySchema, onRequestHookHandler, RouteOptions } from "fastify"
import fastifyPlugin from "fastify-plugin"
import { guardHook } from "./guardHook.js"
import type { ApiKeysPluginOptions, RouteGuardOptions } from "./PluginOptions.js"
import type { KeyProperty } from "./Register.js"
import { guardRoutesOf, nameOf } from "./Routes.js"

declare module "fastify" {
  interface FastifyRequest extends KeyProperty {}
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
     * scope; a route that has a guard of its own besides is refused. An application with a route that asks for a key in a scope without the plugin does not start.
     */
    apiKey?: boolean | RouteGuardOptions
  }
}

/** What `config.apiKey` of a route may be. */
type RouteConfig = boolean | RouteGuardOptions | undefined

const install = (fastify: FastifyInstance, given: ApiKeysPluginOptions): void => {
  // Checked before anything is made of it.
  guardHook(given)
  const options = { ...given, failureLimit: sharedFailureLimit(given.failureLimit) }
  const standard = guardHook(options)
  /** Where the guards take keys from, for documentation. */
  const credentialsOf = new WeakMap<onRequestHookHandler, CredentialOptions | undefined>()
  const ofConfig = new WeakMap<RouteGuardOptions, onRequestHookHandler>()

  const requireApiKey = (own: RouteGuardOptions = {}): onRequestHookHandler => {
    checkPlain(own)
    if ("property" in own)
      throw new InvalidInputError({ issues: [{ path: "property", rule: "is the plugin's alone" }] })
    const all = { ...options, ...own }
    const hook = guardHook(all)
    credentialsOf.set(hook, all.credentials)
    return hook
  }

  const guardOf = (config: RouteConfig): onRequestHookHandler | null => {
    if (config === undefined || config === false) return null
    if (config === true) return standard
    const known = ofConfig.get(config)
    if (known !== undefined) return known
    const hook = requireApiKey(config)
    ofConfig.set(config, hook)
    return hook
  }

  credentialsOf.set(standard, options.credentials)
  fastify.decorateRequest(options.property ?? "apiKey", null)
  fastify.decorate("requireApiKey", requireApiKey)

  // A hook of the scope, not one added to each route as it is registered: that would leave open, in silence, the routes
  // that were registered before this plugin had loaded.
  fastify.addHook("onRequest", function (request, reply, done) {
    const guard = guardOf(request.routeOptions.config?.apiKey)
    if (guard === null) done()
    else guard.call(this, request, reply, done)
  })
  guardRoutesOf(fastify)

  fastify.addHook("onRoute", (route) => {
    // Made here so that wrong options fail when the route is registered.
    const own = [route.onRequest].flat().filter((hook) => isGuard(hook))
    if (route.config?.apiKey === false && own.length > 0) throw new Error(`${nameOf(route)}: ${isExempt}`)
    const [first] = [guardOf(route.config?.apiKey), ...own].filter((hook) => isGuard(hook))
    if (first !== undefined) document(route, credentialsOf.get(first))
  })

  const isGuard = (hook: unknown): hook is onRequestHookHandler =>
    typeof hook === "function" && credentialsOf.has(hook as onRequestHookHandler)
}

const isExempt =
  "config.apiKey is false, which exempts the route from its own guard as well. Leave out the one or the other"

const sharedFailureLimit = (failureLimit: ApiKeysPluginOptions["failureLimit"]): FailureLimit | undefined =>
  failureLimit === undefined || isFailureLimit(failureLimit) ? failureLimit : new FailureLimit(failureLimit)

/** What `@fastify/swagger` shows of a guarded route; what the route says for itself stays. */
const document = (route: RouteOptions, credentials: CredentialOptions | undefined): void => {
  const schema: FastifySchema & { readonly security?: unknown } = route.schema ?? {}
  route.schema = { security: securityRequirements(credentials), ...schema } as FastifySchema
}

const plugin: FastifyPluginCallback<ApiKeysPluginOptions> = (fastify, options, done) => {
  try {
    install(fastify, options)
  } catch (error) {
    done(error as Error)
    return
  }
  done()
}

/**
 * Gives its scope `requireApiKey`, a guard as an `onRequest` hook, `config.apiKey` of routes, and `request.apiKey`.
 * Guards nothing by itself.
 *
 * A guard that asks for no organization, project or product accepts **keys of any organization**.
 *
 * @example
 * ```ts
 * await fastify.register(fastifyApiKeys, { client, productId: product.id })
 * fastify.addHook("onRequest", fastify.requireApiKey())
 * fastify.post("/reports", { config: { apiKey: { requiredScopes: ["reports:write"], cost: 10 } } }, createReport)
 * ```
 *
 * @since 0.1.0
 */
export const fastifyApiKeys: FastifyPluginCallback<ApiKeysPluginOptions> = fastifyPlugin(plugin, {
  fastify: "5.x",
  name: "@apikeys/fastify"
})
