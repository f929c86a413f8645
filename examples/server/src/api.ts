import { fastifyApiKeys, noStore } from "@apikeys/fastify"
import type { FastifyInstance } from "fastify"
import { readBodies } from "./http/bodies.js"
import { useEffectSchemas } from "./http/effectSchemas.js"
import { documentRoutes, documentScopes } from "./http/openapi.js"
import { answerProblems } from "./http/problems.js"
import { operatorScopes } from "./permissions.js"
import { health } from "./routes/health.js"
import { keys } from "./routes/keys.js"
import { lifecycle } from "./routes/lifecycle.js"
import { limits } from "./routes/limits.js"
import { links } from "./routes/links.js"
import { organizations } from "./routes/organizations.js"
import { products } from "./routes/products.js"
import { projects } from "./routes/projects.js"
import { protectedRoute } from "./routes/protectedRoute.js"
import { revocations } from "./routes/revocations.js"
import type { Services } from "./routes/Services.js"
import { verify } from "./routes/verify.js"

const prefix = "/v1"

const managementScopes = (method: string): ReadonlyArray<string> => [
  method === "GET" || method === "HEAD" ? operatorScopes.read : operatorScopes.write
]
const verifyScopes = [operatorScopes.verify]
const customerScopes = ["read"]

/** Answers hold records of customers, which no cache is to keep. */
const storeNothing = (scope: FastifyInstance): void => {
  scope.addHook("onRequest", (_request, reply, done) => {
    reply.headers(noStore)
    done()
  })
}

/** The whole API. Each scope below has a guard, so that a route which is added to it is never open by mistake. */
export const api = async (root: FastifyInstance, services: Services): Promise<void> => {
  const { client, operators } = services
  const app = useEffectSchemas(root)
  answerProblems(root)
  readBodies(root)
  await documentRoutes(root)
  health(app, services)

  // Operators: a key of their organization and for their product, and with the scope on top.
  await app.register(
    async (scope) => {
      await scope.register(fastifyApiKeys, {
        client,
        ...operators,
        requiredScopes: ({ method }) => managementScopes(method),
        hideCredentials: true
      })
      documentScopes(scope, managementScopes)
      scope.addHook("onRequest", scope.requireApiKey())
      storeNothing(scope)
      for (const routes of [organizations, projects, products, links, keys, revocations, lifecycle, limits])
        routes(scope, services)
    },
    { prefix }
  )

  // A gateway that verifies needs no right to manage.
  await app.register(
    async (scope) => {
      await scope.register(fastifyApiKeys, {
        client,
        ...operators,
        requiredScopes: verifyScopes,
        hideCredentials: true
      })
      documentScopes(scope, () => verifyScopes)
      scope.addHook("onRequest", scope.requireApiKey())
      storeNothing(scope)
      verify(scope, services)
    },
    { prefix }
  )

  // Customers: a key that is good for the product in the path.
  await app.register(
    async (scope) => {
      await scope.register(fastifyApiKeys, {
        client,
        productId: ({ params }) => (params as { readonly productId: string }).productId,
        requiredScopes: customerScopes,
        hideCredentials: true
      })
      documentScopes(scope, () => customerScopes)
      scope.addHook("onRequest", scope.requireApiKey())
      protectedRoute(scope)
    },
    { prefix }
  )
}
