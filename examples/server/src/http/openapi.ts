import { STATUS_CODES } from "node:http"
import { securitySchemes } from "@apikeys/fastify"
import { problemContentType } from "@apikeys/http"
import swagger, { type FastifyDynamicSwaggerOptions } from "@fastify/swagger"
import swaggerUi from "@fastify/swagger-ui"
import { JSONSchema, Schema } from "effect"
import type { FastifyInstance, FastifySchema } from "fastify"
import { scopeDescriptions } from "../permissions.js"
import { Problem } from "../schemas/wire.js"

/** Nothing but what this server serves. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"

const schemes = securitySchemes()

/** The keys that a route accepts: those with the scopes. A route that needs no key has its own `security`. */
const securityFor = (scopes: ReadonlyArray<string>) => Object.keys(schemes).map((name) => ({ [name]: [...scopes] }))

/** Documents the scopes that a key needs for the routes that are registered after it. */
export const documentScopes = (app: FastifyInstance, scopesFor: (method: string) => ReadonlyArray<string>): void => {
  app.addHook("onRoute", (route) => {
    route.schema = { ...route.schema, security: securityFor(scopesFor(String(route.method))) }
  })
}

const description = [
  "Manages organizations, what they offer, and their keys. An operator's key is one of the operators' own organization, \
and has the scopes that an operation names under `security`:",
  "",
  ...Object.entries(scopeDescriptions).map(([scope, words]) => `- \`${scope}\`: ${words}`),
  "",
  "No key can be used to change, rotate, revoke or reset itself (403 `own_key`), nor to create or change an operator's \
key that may do more, lives longer or is limited less (403 `insufficient_scope`, `beyond_own_key`).",
  "",
  "What is no request of HTTP is answered with a problem too: 400, 408, 417 or 431."
].join("\n")

/** Documents the routes that are registered after it: at `/openapi.json`, and to browse at `/docs`. */
export const documentRoutes = async (app: FastifyInstance): Promise<void> => {
  /** Schemas with an identifier, which the document names. */
  const definitions: Record<string, JSONSchema.JsonSchema7> = {}
  const options: FastifyDynamicSwaggerOptions = {
    openapi: {
      openapi: "3.1.1",
      info: {
        title: "API keys",
        version: "1.0.0",
        description
      },
      tags: ["organizations", "projects", "products", "links", "keys", "verify", "protected", "health"].map((name) => ({
        name
      })),
      components: { securitySchemes: schemes },
      security: securityFor([])
    },
    transform: ({ route, schema, url }) => ({
      schema: documented(withRefusals(schema, String(route.method), url), definitions),
      url
    }),
    transformObject: (document) => {
      if ("swaggerObject" in document) return document.swaggerObject
      // Known by now: every route has been transformed.
      Object.assign(document.openapiObject.components ?? {}, { schemas: definitions })
      return document.openapiObject
    }
  }
  await app.register(swagger, options)
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: contentSecurityPolicy })
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger())
}

/** What is refused before a route runs. */
const withRefusals = (schema: FastifySchema, method: string, url: string): FastifySchema => ({
  ...schema,
  response: {
    ...(schema.response ?? {}),
    ...(method !== "GET" && { 413: Problem, 415: Problem }),
    ...(url.includes(":") && { 414: Problem })
  }
})

const documented = (schema: FastifySchema, definitions: Record<string, JSONSchema.JsonSchema7>): FastifySchema => {
  const json = (part: unknown): unknown =>
    Schema.isSchema(part)
      ? JSONSchema.fromAST(part.ast, {
          definitions,
          definitionPath: "#/components/schemas/",
          target: "openApi3.1",
          topLevelReferenceStrategy: "keep"
        })
      : part
  const { response, ...request } = schema
  return {
    ...Object.fromEntries(Object.entries(request).map(([part, value]) => [part, json(value)])),
    ...(typeof response === "object" && { response: mapResponses(response, json) })
  }
}

const mapResponses = (response: object | null, json: (part: unknown) => unknown) =>
  Object.fromEntries(
    Object.entries(response ?? {}).map(([status, schema]) => {
      const description = STATUS_CODES[status] ?? status
      if (status === "204") return [status, { type: "null", description }]
      const mediaType = Number(status) < 400 ? "application/json" : problemContentType
      return [status, { description, content: { [mediaType]: { schema: json(schema) } } }]
    })
  )
