import { fastifyApiKeys } from "@apikeys/fastify"
import type { FastifyPluginCallback } from "fastify"
import type { ClockKeys } from "./apiKeys.js"
import { timeIn, zonesOf } from "./clock.js"

/** What customers call, with keys for the clock. */
export const clockRoutes: FastifyPluginCallback<ClockKeys> = (scope, { client, clockId }, done) => {
  scope.register(fastifyApiKeys, {
    client,
    productId: clockId,
    requiredScopes: ["time:read"],
    // Each zone that is asked for counts: the limits are told in the fields RateLimit-Policy and RateLimit.
    cost: (request) => Math.max(1, zonesOf(request.query).length),
    hideCredentials: true,
    failureLimit: { requests: 100, window: "minute" }
  })

  scope.get("/time", { config: { apiKey: true } }, (request) => {
    const now = new Date()
    return { times: zonesOf(request.query).map((zone) => ({ zone, time: timeIn(zone, now) })) }
  })

  done()
}
