import { randomBytes, randomInt } from "node:crypto"
import { apiKeyAuth, apiKeyOf } from "@apikeys/express"
import { Router } from "express"
import type { CustomerKeys, KeyMetadata } from "./CustomerKeys.js"

declare module "@apikeys/express" {
  interface Register {
    metadata: KeyMetadata
  }
}

/** What customers buy: random numbers, and on the larger plan bytes. */
export const apiRoutes = ({ client, organizationId, productId }: CustomerKeys): Router => {
  const guard = (scope: string) =>
    apiKeyAuth({ client, organizationId, productId, requiredScopes: [scope], hideCredentials: true })
  const router = Router()

  router.get("/numbers", guard("numbers:read"), (req, res) => {
    res.json({ number: randomInt(2 ** 32), plan: apiKeyOf(req).metadata.plan })
  })

  router.get("/bytes", guard("bytes:read"), (_req, res) => {
    res.json({ bytes: randomBytes(32).toString("base64") })
  })

  return router
}
