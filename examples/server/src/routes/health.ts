import { Schema } from "effect"
import type { App } from "../http/effectSchemas.js"
import type { Services } from "./Services.js"

const Health = Schema.Struct({ healthy: Schema.Boolean })

export const health = (app: App, { client }: Services): void => {
  app.get(
    "/health",
    {
      schema: {
        tags: ["health"],
        summary: "Whether the store answers; needs no key",
        security: [],
        response: { 200: Health, 503: Health }
      }
    },
    async (_request, reply) => {
      const { healthy } = await client.health()
      return reply.code(healthy ? 200 : 503).send({ healthy })
    }
  )
}
