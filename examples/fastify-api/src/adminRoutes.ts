import { NotFoundError } from "@apikeys/core"
import { apiKeyOf, fastifyApiKeys, noStore } from "@apikeys/fastify"
import type { FastifyPluginCallback } from "fastify"
import type { ClockKeys } from "./apiKeys.js"

/** The shape is Fastify's to check. What is wrong with a value, createKey tells. */
const newKey = {
  type: "object",
  properties: { name: { type: "string" }, requestsPerMinute: { type: "integer" } }
} as const

/** What operators call, with keys for the administration: issue customers' keys, list them, end them. */
export const adminRoutes: FastifyPluginCallback<ClockKeys> = (scope, keys, done) => {
  const { administrationId, client, clockId, organizationId } = keys
  scope.register(fastifyApiKeys, { client, productId: administrationId, hideCredentials: true })

  const guard = (scope: string) => ({ apiKey: { requiredScopes: [scope] } })

  /** A customer's key. To this API there are no others: an operator ends no operator's. */
  const customersKey = async (id: string) => {
    const key = await client.getKey(id)
    if (key.productId !== clockId) throw new NotFoundError({ entity: "key", id: key.id })
    return key
  }

  scope.get<{ Querystring: { cursor?: string } }>(
    "/keys",
    { config: guard("keys:read"), schema: { querystring: { properties: { cursor: { type: "string" } } } } },
    (request) => client.listKeys({ productId: clockId, cursor: request.query.cursor ?? null })
  )

  scope.post<{ Body: { name?: string; requestsPerMinute?: number } }>(
    "/keys",
    { config: guard("keys:write"), schema: { body: newKey }, bodyLimit: 16 * 1024 },
    async (request, reply) => {
      // Named one by one: a body that is spread would choose its own scopes.
      const { name, requestsPerMinute = 60 } = request.body
      const created = await client.createKey({
        organizationId,
        productId: clockId,
        name,
        scopes: ["time:read"],
        rateLimits: [{ name: "per-minute", requests: requestsPerMinute, window: "minute" }]
      })
      // The plaintext is told this once, and no cache may keep it.
      reply.code(201).headers(noStore)
      return created
    }
  )

  scope.delete<{ Params: { id: string } }>("/keys/:id", { config: guard("keys:write") }, async (request) => {
    const { id } = await customersKey(request.params.id)
    return client.revokeKey(id, { reason: `revoked by ${apiKeyOf(request).name}` })
  })

  done()
}
