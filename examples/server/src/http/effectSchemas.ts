import { Input } from "@apikeys/core"
import { Effect, Either, Schema } from "effect"
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault
} from "fastify"

type AnySchema = Schema.Schema.AnyNoContext

/** Gives requests and replies the types of the schemas of their route. */
export interface EffectSchemas extends FastifyTypeProvider {
  readonly validator: this["schema"] extends AnySchema ? Schema.Schema.Type<this["schema"]> : unknown
  readonly serializer: this["schema"] extends AnySchema ? Schema.Schema.Type<this["schema"]> : unknown
}

/** An application whose routes have schemas of Effect. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  EffectSchemas
>

/** Requests are decoded, and answers encoded, by the very schemas that document them. */
export const useEffectSchemas = (app: FastifyInstance): App =>
  app
    .setValidatorCompiler<Schema.Schema<unknown>>(({ httpPart, schema }) => {
      const decode = Input.decode(schema)
      return (data) =>
        // Parameters are in objects of a class of their parser.
        Either.match(Effect.runSync(Effect.either(decode(httpPart === "body" ? data : { ...data }))), {
          // An `InvalidInputError`, which tells paths and rules, and no value.
          onLeft: (error) => ({ error }),
          onRight: (value) => ({ value })
        })
    })
    .setSerializerCompiler<Schema.Schema<unknown>>(({ schema }) => {
      const encode = Schema.encodeUnknownSync(schema)
      return (data) => JSON.stringify(encode(data))
    })
    .withTypeProvider<EffectSchemas>()
