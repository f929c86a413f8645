import { apiKeyAuth } from "@apikeys/express"
import express from "express"
import express4 from "express4"
import { type Guarded, runServerless } from "../../http/test/table/runServerless.js"

const guardedBy =
  (framework: typeof express): Guarded =>
  (options) => {
    const app = framework()
    app.use("/", apiKeyAuth(options), (request, response) => void response.json(Object.keys(request.headers)))
    return app
  }

runServerless("Express 5", guardedBy(express))
runServerless("Express 4", guardedBy(express4))
