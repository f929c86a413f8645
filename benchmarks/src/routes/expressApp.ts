import { createServer } from "node:http"
import { apiKeyAuth } from "@apikeys/express"
import express, { type RequestHandler } from "express"
import { openKeys } from "./guardKeys.js"
import { type App, answer, dayMillis, type Order } from "./guards.js"

const appWith = (plaintexts: ReadonlyArray<string>, ...guards: ReadonlyArray<RequestHandler>): App => {
  const app = express()
  app.disable("x-powered-by")
  for (const guard of guards) app.use(guard)
  app.get("/", (_request, response) => {
    response.json(answer)
  })
  return { server: createServer(app), plaintexts }
}

export const makeApp = async (order: Order): Promise<App> => {
  switch (order.guard) {
    case "unguarded":
      return appWith([])
    case "rate limit": {
      const { rateLimit } = await import("express-rate-limit")
      const fields = { standardHeaders: "draft-8", legacyHeaders: false } as const
      return appWith([], rateLimit({ windowMs: dayMillis, limit: order.limit, ...fields }))
    }
    default: {
      const { options, plaintexts } = await openKeys(order.guard, order)
      return appWith(plaintexts, apiKeyAuth(options))
    }
  }
}
