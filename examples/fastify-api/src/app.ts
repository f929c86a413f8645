import { problemHandler } from "@apikeys/fastify"
import Fastify, { type FastifyInstance } from "fastify"
import { adminRoutes } from "./adminRoutes.js"
import type { ClockKeys } from "./apiKeys.js"
import { clockRoutes } from "./clockRoutes.js"

/** The application, without a port. It closes the client when it is closed. */
export const makeApp = (keys: ClockKeys): FastifyInstance => {
  // The proxy on this machine says who its clients are: else all of them would be one, and a stranger's failures everybody's.
  const app = Fastify({ logger: true, trustProxy: "loopback" })

  // A connection that is busy when the server closes would be kept alive, and the stop with it, for another minute.
  app.addHook("preClose", (done) => {
    setInterval(() => app.server.closeIdleConnections(), 100).unref()
    done()
  })
  app.addHook("onClose", async () => {
    const { unflushedUses } = await keys.client.close()
    if (unflushedUses > 0) app.log.error(`${unflushedUses} uses could not be written down`)
  })
  // Errors of the client that routes let through: 400 for bad input, 404, 503. Others are Fastify's.
  app.setErrorHandler(problemHandler())

  app.get("/health", async (_request, reply) => {
    const { healthy } = await keys.client.health()
    return reply.code(healthy ? 200 : 503).send({ healthy })
  })
  // Each is a scope, with a guard of its own.
  app.register(clockRoutes, { ...keys, prefix: "/v1" })
  app.register(adminRoutes, { ...keys, prefix: "/admin" })
  return app
}
