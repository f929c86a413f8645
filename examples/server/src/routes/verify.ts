import { problemOf, problemSettings } from "@apikeys/http"
import type { App } from "../http/effectSchemas.js"
import { Question, Verdict } from "../schemas/verify.js"
import { problems } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const settings = problemSettings({})

/** Statuses of what is wrong with the key that is asked about. Any other problem is one of the call itself. */
const ofTheKey = [401, 403, 429]

export const verify = (app: App, { client }: Services): void => {
  app.post(
    "/verify",
    {
      schema: {
        tags: ["verify"],
        summary: "Authenticate, authorize and charge a key that somebody was shown",
        body: Question,
        response: { 200: Verdict, ...problems }
      }
    },
    async ({ body: { key: plaintext, ...question } }) => {
      try {
        return { valid: true as const, ...(await client.validateKey(plaintext, question)) }
      } catch (error) {
        const problem = problemOf(error, settings)?.problem
        if (problem === undefined || !ofTheKey.includes(problem.status)) throw error
        return { valid: false as const, problem }
      }
    }
  )
}
