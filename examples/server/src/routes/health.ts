import { Schema } from "effect"
import type { App } from "../http/effectSchemas.js"
import type { Services } from "./Services.js"

const Health = Schema.Struct({ healthy: Schema.Boolean })

/** How old an answer may be. Anybody may ask, as often as they like, and the database is not to notice. */
const maxAgeMillis = 1000

/** Asks one question at a time, and none while the last answer is young. */
const shareAnswers = <A>(ask: () => Promise<A>): (() => Promise<A>) => {
  let answer: Promise<A> | null = null
  return () => {
    if (answer === null) {
      answer = ask()
      const forget = () => void setTimeout(() => (answer = null), maxAgeMillis).unref()
      answer.then(forget, forget)
    }
    return answer
  }
}

export const health = (app: App, { client }: Services): void => {
  const ask = shareAnswers(() => client.health())
  app.get(
    "/health",
    {
      schema: {
        tags: ["health"],
        summary: "Whether the store answers, or did within the last second; needs no key",
        security: [],
        response: { 200: Health, 503: Health }
      }
    },
    async (_request, reply) => {
      const { healthy } = await ask()
      return reply
        .code(healthy ? 200 : 503)
        .header("Cache-Control", "no-store")
        .send({ healthy })
    }
  )
}
