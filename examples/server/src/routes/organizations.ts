import type { App } from "../http/effectSchemas.js"
import { refuseReserved } from "../operators.js"
import { NamedOrganization, OfOrganization, Organization } from "../schemas/tenants.js"
import { Nothing, PageQuery, Problem, pageOf, problems, problemsOfChange, problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["organizations"]

export const organizations = (app: App, { client, operators }: Services): void => {
  app.post(
    "/organizations",
    {
      schema: {
        tags,
        summary: "Create an organization; its name must be free",
        body: NamedOrganization,
        response: { 201: Organization, 409: Problem, ...problems }
      }
    },
    async ({ body }, reply) => reply.code(201).send(await client.createOrganization(body))
  )

  app.get(
    "/organizations",
    {
      schema: {
        tags,
        summary: "List organizations, newest first",
        querystring: PageQuery,
        response: { 200: pageOf(Organization), ...problems }
      }
    },
    ({ query }) => client.listOrganizations(query)
  )

  app.get(
    "/organizations/:organizationId",
    {
      schema: {
        tags,
        summary: "Get an organization",
        params: OfOrganization,
        response: { 200: Organization, ...problemsOfOne }
      }
    },
    ({ params }) => client.getOrganization(params.organizationId)
  )

  app.patch(
    "/organizations/:organizationId",
    {
      schema: {
        tags,
        summary: "Rename an organization",
        params: OfOrganization,
        body: NamedOrganization,
        response: { 200: Organization, ...problemsOfChange }
      }
    },
    ({ body, params }) => {
      refuseReserved(operators, params.organizationId)
      return client.renameOrganization(params.organizationId, body)
    }
  )

  app.delete(
    "/organizations/:organizationId",
    {
      schema: {
        tags,
        summary: "Delete an organization that has no keys, with its projects and products",
        params: OfOrganization,
        response: { 204: Nothing, ...problemsOfChange }
      }
    },
    async ({ params }, reply) => {
      refuseReserved(operators, params.organizationId)
      await client.deleteOrganization(params.organizationId)
      return reply.code(204).send()
    }
  )
}
