import { STATUS_CODES } from "node:http"
import { problemHandler } from "@apikeys/express"
import express, { type ErrorRequestHandler, type Express, type Response } from "express"
import { adminRoutes } from "./adminRoutes.js"
import type { ClockKeys } from "./apiKeys.js"
import { clockRoutes } from "./clockRoutes.js"

const sendStatus = (res: Response, status: number): void => {
  res.status(status).type("application/problem+json")
  res.send(JSON.stringify({ type: "about:blank", title: STATUS_CODES[status], status }))
}

/** The application, without a port. */
export const makeApp = (keys: ClockKeys): Express => {
  const app = express().disable("x-powered-by")
  // The proxy on this machine says who its clients are: else all of them would be one, and a stranger's failures everybody's.
  app.set("trust proxy", "loopback")

  app.get("/health", async (_req, res) => {
    const { healthy } = await keys.client.health()
    res.status(healthy ? 200 : 503).json({ healthy })
  })
  app.use("/v1", clockRoutes(keys))
  app.use("/admin", adminRoutes(keys))
  app.use((_req, res) => sendStatus(res, 404))

  // Errors of the client that routes let through: 400 for bad input, 404, 503.
  app.use(problemHandler())
  const others: ErrorRequestHandler = (error, _req, res, next) => {
    if (res.headersSent) return next(error)
    // Express and its parsers give what is the caller's fault a status of its own.
    const status = error?.status >= 400 && error.status < 500 ? error.status : 500
    if (status === 500) console.error(keys.client.redact(String(error?.stack ?? error)))
    sendStatus(res, status)
  }
  app.use(others)
  return app
}
