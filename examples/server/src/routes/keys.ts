import { apiKeyOf } from "@apikeys/fastify"
import type { App } from "../http/effectSchemas.js"
import { ofOperators, refuseToChange, refuseToCreate } from "../permissions.js"
import { CreatedKey, Key, KeyChanges, KeyFilter, NewKey, OfKey } from "../schemas/keys.js"
import { Nothing, Problem, pageOf, problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["keys"]

export const keys = (app: App, { client, operators }: Services): void => {
  app.post(
    "/keys",
    {
      schema: {
        tags,
        summary: "Issue a key. Its plaintext is told this once; 200, without it, where the call is a repetition",
        description: ofOperators,
        body: NewKey,
        response: { 200: CreatedKey, 201: CreatedKey, ...problemsOfOne, 422: Problem }
      }
    },
    async (request, reply) => {
      refuseToCreate(operators, apiKeyOf(request), request.body)
      const { idempotencyKey, ...fields } = request.body
      const created =
        typeof idempotencyKey === "string"
          ? await client.createKey({ ...fields, idempotencyKey })
          : await client.createKey(fields)
      return reply.code(created.plaintext === null ? 200 : 201).send(created)
    }
  )

  app.get(
    "/keys",
    {
      schema: {
        tags,
        summary: "List keys by owner, status and last use, newest first",
        querystring: KeyFilter,
        response: { 200: pageOf(Key), ...problemsOfOne }
      }
    },
    ({ query }) => client.listKeys(query)
  )

  app.get(
    "/keys/:keyId",
    { schema: { tags, summary: "Get a key", params: OfKey, response: { 200: Key, ...problemsOfOne } } },
    ({ params }) => client.getKey(params.keyId)
  )

  app.patch(
    "/keys/:keyId",
    {
      schema: {
        tags,
        summary: "Change the fields that are given; null clears",
        description: ofOperators,
        params: OfKey,
        body: KeyChanges,
        response: { 200: Key, ...problemsOfOne }
      }
    },
    async (request) => {
      const { body, params } = request
      const key = await client.getKey(params.keyId)
      refuseToChange(operators, apiKeyOf(request), key, body)
      return client.updateKey(key.id, body)
    }
  )

  app.delete(
    "/keys/:keyId",
    {
      schema: {
        tags,
        summary: "Delete a key and all that is known of it; to keep its record, revoke it",
        description: ofOperators,
        params: OfKey,
        response: { 204: Nothing, ...problemsOfOne }
      }
    },
    async (request, reply) => {
      const key = await client.getKey(request.params.keyId)
      refuseToChange(operators, apiKeyOf(request), key)
      await client.deleteKey(key.id)
      return reply.code(204).send()
    }
  )
}
