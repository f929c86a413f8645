import { apiKeyAuth } from "@apikeys/express"
import { type Request, Router } from "express"
import type { ClockKeys } from "./apiKeys.js"
import { timeIn, zonesOf } from "./clock.js"

/** What customers call, with keys for the clock. */
export const clockRoutes = ({ client, clockId }: ClockKeys): Router => {
  const router = Router()
  router.use(
    apiKeyAuth({
      client,
      productId: clockId,
      requiredScopes: ["time:read"],
      // Each zone that is asked for counts: the limits are told in the fields RateLimit-Policy and RateLimit.
      cost: (req: Request) => Math.max(1, zonesOf(req.query).length),
      hideCredentials: true,
      failureLimit: { requests: 100, window: "minute" }
    })
  )

  router.get("/time", (req, res) => {
    const now = new Date()
    const times = zonesOf(req.query).map((zone) => ({ zone, time: timeIn(zone, now) }))
    res.json({ times })
  })

  return router
}
