import { fastifyApiKeys } from "@apikeys/fastify"
import Fastify from "fastify"
import { runServerless } from "../../http/test/table/runServerless.js"

runServerless("Fastify", async (options) => {
  const app = Fastify()
  await app.register(fastifyApiKeys, options)
  app.route({
    method: ["GET", "OPTIONS"],
    url: "/",
    config: { apiKey: true },
    handler: ({ headers }) => Object.keys(headers)
  })
  await app.ready()
  return app.server
})
