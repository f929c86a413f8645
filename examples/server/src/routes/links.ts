import type { App } from "../http/effectSchemas.js"
import { OfLink, OfProject, Product } from "../schemas/tenants.js"
import { Nothing, PageQuery, pageOf, problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["links"]

export const links = (app: App, { client }: Services): void => {
  app.get(
    "/projects/:projectId/products",
    {
      schema: {
        tags,
        summary: "List the products that are linked to a project, newest first",
        params: OfProject,
        querystring: PageQuery,
        response: { 200: pageOf(Product), ...problemsOfOne }
      }
    },
    ({ params, query }) => client.listProductsOfProject({ ...params, ...query })
  )

  app.put(
    "/projects/:projectId/products/:productId",
    {
      schema: {
        tags,
        summary: "Link a product to a project of the same organization; may be repeated",
        params: OfLink,
        response: { 204: Nothing, ...problemsOfOne }
      }
    },
    async ({ params }, reply) => {
      await client.addProductToProject(params)
      return reply.code(204).send()
    }
  )

  app.delete(
    "/projects/:projectId/products/:productId",
    {
      schema: {
        tags,
        summary: "Remove a link; may be repeated",
        params: OfLink,
        response: { 204: Nothing, ...problemsOfOne }
      }
    },
    async ({ params }, reply) => {
      await client.removeProductFromProject(params)
      return reply.code(204).send()
    }
  )
}
