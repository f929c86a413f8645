import { subscribe } from "node:diagnostics_channel"
import type { FastifyInstance, RouteOptions } from "fastify"

/** A route, and the scope that it was registered in. */
interface Route {
  readonly scope: FastifyInstance
  readonly options: RouteOptions
}

// Marks that every copy of this module in the process knows, as members of their own: scopes inherit from those around them.

/** Of a scope whose routes are guarded where their `config.apiKey` says so. */
const guarded = Symbol.for("@apikeys/fastify/guarded")

/** Of an application whose routes are known. */
const watched = Symbol.for("@apikeys/fastify/watched")

const mark = (scope: FastifyInstance, as: symbol): void => void Object.defineProperty(scope, as, { value: true })

/**
 * Says that the routes of a scope are guarded by their `config.apiKey`, and those of scopes within it that are made from
 * now on: earlier ones have hooks of their own already.
 */
export const guardRoutesOf = (scope: FastifyInstance): void => {
  watch(rootOf(scope))
  mark(scope, guarded)
  scope.addHook("onRegister", (inner) => mark(inner, guarded))
}

/** A scope inherits from the one around it. */
const rootOf = (scope: FastifyInstance): FastifyInstance => {
  const around: FastifyInstance = Object.getPrototypeOf(scope)
  return around === Object.prototype || around === null ? scope : rootOf(around)
}

/** Refuses to start an application with a route that asks for a key by its `config`, where nothing reads that. */
const watch = (root: FastifyInstance): void => {
  if (Object.hasOwn(root, watched)) return
  mark(root, watched)
  const routes: Array<Route> = []
  root.addHook("onRoute", function (options) {
    routes.push({ scope: this, options })
  })
  root.addHook("onReady", (done) => {
    const open = routes.filter(
      ({ options, scope }) => isAsking(options.config?.apiKey) && !Object.hasOwn(scope, guarded)
    )
    done(open.length === 0 ? undefined : new Error(`${open.map(({ options }) => nameOf(options)).join(", ")}: ${why}`))
  })
}

const why =
  "config.apiKey guards no route of a scope that lacks the plugin. Register fastifyApiKeys there, before the scopes within it, or use requireApiKey()"

const isAsking = (config: unknown): boolean => config !== undefined && config !== false

/** How a route is named in errors. */
export const nameOf = ({ method, url }: Pick<RouteOptions, "method" | "url">): string =>
  `${[method].flat().join("|")} ${url}`

// Fastify says so of each application that it makes: the plugin itself sees those scopes alone that it is registered in.
subscribe("fastify.initialization", (message) => watch((message as { readonly fastify: FastifyInstance }).fastify))
