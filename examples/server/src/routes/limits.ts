import { apiKeyOf } from "@apikeys/fastify"
import type { App } from "../http/effectSchemas.js"
import { ofOperators, refuseToReset } from "../permissions.js"
import { Limits, OfKey } from "../schemas/keys.js"
import { Nothing, problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["keys"]

export const limits = (app: App, { client, operators }: Services): void => {
  app.get(
    "/keys/:keyId/limits",
    {
      schema: {
        tags,
        summary: "Read the state of a key's limits, without charging",
        params: OfKey,
        response: { 200: Limits, ...problemsOfOne }
      }
    },
    ({ params }) => client.getLimits(params.keyId)
  )

  app.post(
    "/keys/:keyId/limits/reset",
    {
      schema: {
        tags,
        summary: "Start the limits of a key afresh",
        description: ofOperators,
        params: OfKey,
        response: { 204: Nothing, ...problemsOfOne }
      }
    },
    async (request, reply) => {
      const key = await client.getKey(request.params.keyId)
      refuseToReset(operators, apiKeyOf(request), key)
      await client.resetLimits(key.id)
      return reply.code(204).send()
    }
  )
}
