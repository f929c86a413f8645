import { apiKeyOf } from "@apikeys/fastify"
import type { App } from "../http/effectSchemas.js"
import { HttpError } from "../http/problems.js"
import { ofOperators, operatorScopes, refuseToChange, refuseToRotate } from "../permissions.js"
import { Key, OfKey, Reason, RotatedKey, Rotation } from "../schemas/keys.js"
import { problemsOfChange, problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["keys"]

export const lifecycle = (app: App, { client, operators }: Services): void => {
  app.post(
    "/keys/:keyId/disable",
    {
      schema: {
        tags,
        summary: "Disable a key until it is enabled again",
        description: ofOperators,
        params: OfKey,
        body: Reason,
        response: { 200: Key, ...problemsOfOne }
      }
    },
    async (request) => {
      const key = await client.getKey(request.params.keyId)
      refuseToChange(operators, apiKeyOf(request), key)
      return client.disableKey(key.id, request.body ?? {})
    }
  )

  app.post(
    "/keys/:keyId/enable",
    {
      schema: {
        tags,
        summary: "Enable a key that was disabled; a revoked one stays revoked",
        description: ofOperators,
        params: OfKey,
        response: { 200: Key, ...problemsOfOne }
      }
    },
    async (request) => {
      const key = await client.getKey(request.params.keyId)
      refuseToChange(operators, apiKeyOf(request), key)
      return client.enableKey(key.id)
    }
  )

  app.post(
    "/keys/:keyId/rotate",
    {
      schema: {
        tags,
        summary: "Give a key a new plaintext, which is told this once, and keep all else",
        description: `A key of a customer needs the scope \`${operatorScopes.rotate}\`. ${ofOperators}`,
        params: OfKey,
        body: Rotation,
        response: { 200: RotatedKey, ...problemsOfChange }
      }
    },
    async (request) => {
      const key = await client.getKey(request.params.keyId)
      refuseToRotate(operators, apiKeyOf(request), key)
      // Of the key in the path, which is not the caller's: a conflict, and nothing to keep the caller out for.
      if (key.status === "revoked") throw new HttpError(409, "revoked_key", "The key is revoked, and stays so")
      return client.rotateKey(key.id, request.body ?? {})
    }
  )
}
