import { fastifyApiKeys } from "@apikeys/fastify"
import Fastify, { type FastifyInstance } from "fastify"
import { openKeys } from "./guardKeys.js"
import { type App, answer, dayMillis, type Order } from "./guards.js"

const appWith = async (
  plaintexts: ReadonlyArray<string>,
  guard?: (app: FastifyInstance) => Promise<void>
): Promise<App> => {
  const app = Fastify()
  await guard?.(app)
  app.get("/", (_request, reply) => {
    reply.send(answer)
  })
  await app.ready()
  return { server: app.server, plaintexts }
}

export const makeApp = async (order: Order): Promise<App> => {
  switch (order.guard) {
    case "unguarded":
      return appWith([])
    case "rate limit": {
      const { default: rateLimit } = await import("@fastify/rate-limit")
      return appWith([], async (app) => {
        await app.register(rateLimit, { max: order.limit, timeWindow: dayMillis })
      })
    }
    default: {
      const { options, plaintexts } = await openKeys(order.guard, order)
      return appWith(plaintexts, async (app) => {
        await app.register(fastifyApiKeys, options)
        app.addHook("onRequest", app.requireApiKey())
      })
    }
  }
}
