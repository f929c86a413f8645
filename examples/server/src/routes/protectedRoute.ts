import { apiKeyOf } from "@apikeys/fastify"
import { Schema } from "effect"
import type { App } from "../http/effectSchemas.js"
import { OfProduct } from "../schemas/tenants.js"
import { problems } from "../schemas/wire.js"

const Greeting = Schema.Struct({ message: Schema.String, useCount: Schema.Number })

/** What a route of a customer's own API looks like: the guard has done its work before it runs. */
export const protectedRoute = (app: App): void => {
  app.get(
    "/products/:productId/protected",
    {
      schema: {
        tags: ["protected"],
        summary: "Needs a key of a customer that is good for the product and has the scope `read`",
        params: OfProduct,
        response: { 200: Greeting, ...problems }
      }
    },
    (request) => {
      const { hint, name, useCount } = apiKeyOf(request)
      return { message: `Hello, ${name ?? hint}`, useCount }
    }
  )
}
