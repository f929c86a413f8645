import { Input } from "@apikeys/core"
import { Schema } from "effect"
import { Key, Limits } from "./keys.js"
import { organizationId, productId, projectId } from "./tenants.js"
import { exactly, Problem, Timestamp } from "./wire.js"

/** A key that somebody was shown, and what it is to be good for. */
export const Question = Schema.Struct({
  key: Schema.String.annotations(Input.rule("is not a string")),
  organizationId: exactly(organizationId),
  projectId: exactly(projectId),
  productId: exactly(productId),
  requiredScopes: exactly(Input.Scopes),
  cost: Schema.optional(Input.Cost),
  checkRateLimit: Schema.optional(Schema.Boolean),
  trackUsage: Schema.optional(Schema.Boolean)
}).pipe(
  Schema.filter(
    (question) =>
      question.organizationId !== undefined || question.projectId !== undefined || question.productId !== undefined,
    // A key of whatever customer, or of an operator, is an answer to nobody's question.
    Input.rule("asks for none of organizationId, projectId and productId")
  )
)

/** The answer: what is wrong with a key is data here, and no fault of who asks. */
export const Verdict = Schema.Union(
  Schema.Struct({
    valid: Schema.Literal(true),
    key: Key,
    limits: Limits,
    supersededAt: Schema.NullOr(Timestamp),
    supersededUntil: Schema.NullOr(Timestamp)
  }),
  Schema.Struct({ valid: Schema.Literal(false), problem: Problem })
).annotations({ identifier: "Verdict" })
