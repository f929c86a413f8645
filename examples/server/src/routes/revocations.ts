import { apiKeyOf } from "@apikeys/fastify"
import type { App } from "../http/effectSchemas.js"
import { refuseReserved } from "../operators.js"
import { ofOperators, refuseToChange } from "../permissions.js"
import { Key, OfKey, Reason, RevocationOfOwner, Revoked } from "../schemas/keys.js"
import { problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["keys"]

export const revocations = (app: App, { client, operators }: Services): void => {
  app.post(
    "/keys/:keyId/revoke",
    {
      schema: {
        tags,
        summary: "Revoke a key and keep its record; the first time and reason stay",
        description: ofOperators,
        params: OfKey,
        body: Reason,
        response: { 200: Key, ...problemsOfOne }
      }
    },
    async (request) => {
      const key = await client.getKey(request.params.keyId)
      refuseToChange(operators, apiKeyOf(request), key)
      return client.revokeKey(key.id, request.body ?? {})
    }
  )

  app.post(
    "/keys/revoke",
    {
      schema: {
        tags,
        summary: "Revoke all keys of an organization, a project or a product",
        body: RevocationOfOwner,
        response: { 200: Revoked, ...problemsOfOne }
      }
    },
    async ({ body }) => {
      refuseReserved(operators, body.organizationId)
      refuseReserved(operators, body.productId)
      return { revoked: await client.revokeKeys(body) }
    }
  )
}
