import { randomUUID } from "node:crypto"
import { ApiKeyError, IdempotencyConflictError, InvalidInputError, NotFoundError } from "@apikeys/core"
import { FailureLimit, noStore } from "@apikeys/express"
import express, { type ErrorRequestHandler, type Request, Router } from "express"
import type { CustomerKeys } from "./CustomerKeys.js"
import type { Customer, Customers } from "./Customers.js"
import { keysPage, messagePage, plaintextPage, welcomePage } from "./pages.js"
import { isPlanName } from "./plans.js"
import { Refusal } from "./Refusal.js"
import type { Session } from "./session.js"

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

/** One text of a form: whatever else a body may hold is none. */
const field = (req: Request, name: string): string => {
  const value: unknown = req.body?.[name]
  return typeof value === "string" ? value.trim() : ""
}

/** What customers see in a browser. */
export const siteRoutes = (keys: CustomerKeys, customers: Customers, session: Session): Router => {
  const failures = new FailureLimit({ requests: 10, window: "minute" })
  const router = Router()

  router.use(express.urlencoded({ extended: false, limit: "16kb" }), (req, res, next) => {
    res.set({ ...noStore, "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer" })
    const site = req.get("Sec-Fetch-Site")
    if (req.method !== "GET" && site !== undefined && site !== "same-origin") {
      throw new Refusal(403, "This form is not one of ours.")
    }
    next()
  })

  const signedIn = (req: Request): Customer => {
    const customer = customers.get(session.customerId(req) ?? "")
    if (customer === undefined) throw new Refusal(401, "Please sign in.")
    return customer
  }

  router.get("/", (req, res) => {
    if (session.customerId(req) === null) res.send(welcomePage())
    else res.redirect(303, "/keys")
  })

  router.post("/sign-up", async (req, res) => {
    const email = field(req, "email").toLowerCase()
    const password = field(req, "password")
    if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw new Refusal(400, "This is no address.")
    if (password.length < 12) throw new Refusal(400, "A password has 12 characters at least.")
    const customer = await customers.signUp(email, password)
    if (customer === null) throw new Refusal(409, "There is an account of this address.")
    session.start(res, customer.id)
    res.redirect(303, "/keys")
  })

  router.post("/sign-in", async (req, res) => {
    const address = req.ip ?? ""
    if (failures.wait(address) > 0) throw new Refusal(429, "Too many attempts. Please wait a minute.")
    const customer = await customers.signIn(field(req, "email").toLowerCase(), field(req, "password"))
    if (customer === null) {
      failures.record(address)
      throw new Refusal(401, "Address or password is wrong.")
    }
    session.start(res, customer.id)
    res.redirect(303, "/keys")
  })

  router.post("/sign-out", (_req, res) => {
    session.end(res)
    res.redirect(303, "/")
  })

  router.get("/keys", async (req, res) => {
    const customer = signedIn(req)
    const all = await keys.list(customer)
    const rows = await Promise.all(all.map(async (key) => [key, await keys.limits(key)] as const))
    res.send(keysPage(customer, rows, randomUUID()))
  })

  router.post("/keys", async (req, res) => {
    res.send(plaintextPage(await keys.create(signedIn(req), field(req, "name"), field(req, "form") || randomUUID())))
  })

  router.post("/keys/:id/replace", async (req, res) => {
    res.send(plaintextPage(await keys.replace(signedIn(req), req.params.id)))
  })

  router.post("/keys/:id/revoke", async (req, res) => {
    await keys.revoke(signedIn(req), req.params.id)
    res.redirect(303, "/keys")
  })

  // Where yours takes the money.
  router.post("/plan", async (req, res) => {
    const customer = signedIn(req)
    const plan = field(req, "plan")
    if (!isPlanName(plan)) throw new Refusal(400, "There is no such plan.")
    await keys.changePlan(customer, plan)
    res.redirect(303, "/keys")
  })

  const inWords: ErrorRequestHandler = (thrown, _req, res, next) => {
    // A page that was gone back to: the name in its form is another one by now, or the plan is.
    const error =
      thrown instanceof IdempotencyConflictError ? new Refusal(409, "This form has made a key already.") : thrown
    const status =
      error instanceof Refusal
        ? error.status
        : error instanceof InvalidInputError
          ? 400
          : error instanceof NotFoundError
            ? 404
            : null
    if (status !== null && !res.headersSent) res.status(status).send(messagePage(error.message))
    else if (error instanceof ApiKeyError && !res.headersSent) res.status(503).send(messagePage("Please try later."))
    else next(error)
  }
  router.use(inWords)
  return router
}
