import type { App } from "../http/effectSchemas.js"
import { refuseReserved } from "../operators.js"
import { NamedProject, OfOrganization, OfProject, Project } from "../schemas/tenants.js"
import { Nothing, PageQuery, pageOf, problemsOfChange, problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["projects"]

export const projects = (app: App, { client, operators }: Services): void => {
  app.post(
    "/organizations/:organizationId/projects",
    {
      schema: {
        tags,
        summary: "Create a project; its name must be free within the organization",
        params: OfOrganization,
        body: NamedProject,
        response: { 201: Project, ...problemsOfChange }
      }
    },
    async ({ body, params }, reply) => {
      refuseReserved(operators, params.organizationId)
      return reply.code(201).send(await client.createProject({ ...params, ...body }))
    }
  )

  app.get(
    "/organizations/:organizationId/projects",
    {
      schema: {
        tags,
        summary: "List the projects of an organization, newest first",
        params: OfOrganization,
        querystring: PageQuery,
        response: { 200: pageOf(Project), ...problemsOfOne }
      }
    },
    ({ params, query }) => client.listProjects({ ...params, ...query })
  )

  app.get(
    "/projects/:projectId",
    {
      schema: {
        tags,
        summary: "Get a project",
        params: OfProject,
        response: { 200: Project, ...problemsOfOne }
      }
    },
    ({ params }) => client.getProject(params.projectId)
  )

  app.patch(
    "/projects/:projectId",
    {
      schema: {
        tags,
        summary: "Rename a project",
        params: OfProject,
        body: NamedProject,
        response: { 200: Project, ...problemsOfChange }
      }
    },
    ({ body, params }) => client.renameProject(params.projectId, body)
  )

  app.delete(
    "/projects/:projectId",
    {
      schema: {
        tags,
        summary: "Delete a project to which no keys are narrowed, with its links",
        params: OfProject,
        response: { 204: Nothing, ...problemsOfChange }
      }
    },
    async ({ params }, reply) => {
      await client.deleteProject(params.projectId)
      return reply.code(204).send()
    }
  )
}
