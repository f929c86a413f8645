import { NotFoundError } from "@apikeys/core"
import { apiKeyAuth, apiKeyOf, noStore } from "@apikeys/express"
import express, { Router } from "express"
import type { ClockKeys } from "./apiKeys.js"

/** What operators call, with keys for the administration: issue customers' keys, list them, end them. */
export const adminRoutes = ({ administrationId, client, clockId, organizationId }: ClockKeys): Router => {
  const guard = (scope: string) =>
    apiKeyAuth({ client, productId: administrationId, requiredScopes: [scope], hideCredentials: true })

  /** A customer's key. To this API there are no others: an operator ends no operator's. */
  const customersKey = async (id: string) => {
    const key = await client.getKey(id)
    if (key.productId !== clockId) throw new NotFoundError({ entity: "key", id: key.id })
    return key
  }

  const router = Router()

  router.get("/keys", guard("keys:read"), async (req, res) => {
    const { cursor } = req.query
    res.json(await client.listKeys({ productId: clockId, cursor: typeof cursor === "string" ? cursor : null }))
  })

  router.post("/keys", guard("keys:write"), express.json({ limit: "16kb" }), async (req, res) => {
    // Named one by one: a body that is spread would choose its own scopes. What is wrong with a value, createKey tells.
    const { name, requestsPerMinute = 60 } = req.body ?? {}
    const created = await client.createKey({
      organizationId,
      productId: clockId,
      name,
      scopes: ["time:read"],
      rateLimits: [{ name: "per-minute", requests: requestsPerMinute, window: "minute" }]
    })
    // The plaintext is told this once, and no cache may keep it.
    res.status(201).set(noStore).json(created)
  })

  router.delete("/keys/:id", guard("keys:write"), async (req, res) => {
    const { id } = await customersKey(String(req.params.id))
    res.json(await client.revokeKey(id, { reason: `revoked by ${apiKeyOf(req).name}` }))
  })

  return router
}
