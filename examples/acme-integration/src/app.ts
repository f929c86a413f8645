import { STATUS_CODES } from "node:http"
import express, { type ErrorRequestHandler, type Express } from "express"
import { apiRoutes } from "./apiRoutes.js"
import type { CustomerKeys } from "./CustomerKeys.js"
import type { Customers } from "./Customers.js"
import type { Session } from "./session.js"
import { siteRoutes } from "./siteRoutes.js"

/** The application, without a port. */
export const makeApp = (keys: CustomerKeys, customers: Customers, session: Session): Express => {
  const app = express().disable("x-powered-by")
  // The proxy on this machine says who its clients are: else all of them would be one, and a stranger's failures everybody's.
  app.set("trust proxy", "loopback")
  app.use("/v1", apiRoutes(keys))
  app.use(siteRoutes(keys, customers, session))

  const lastResort: ErrorRequestHandler = (error, _req, res, next) => {
    if (res.headersSent) return next(error)
    const status = error?.status >= 400 && error.status < 500 ? error.status : 500
    if (status === 500) console.error(keys.client.redact(String(error?.stack ?? error)))
    res.status(status).type("text").send(STATUS_CODES[status])
  }
  app.use(lastResort)
  return app
}
