import type { App } from "../http/effectSchemas.js"
import { refuseReserved } from "../operators.js"
import { NamedProduct, OfOrganization, OfProduct, Product } from "../schemas/tenants.js"
import { Nothing, PageQuery, pageOf, problemsOfChange, problemsOfOne } from "../schemas/wire.js"
import type { Services } from "./Services.js"

const tags = ["products"]

export const products = (app: App, { client, operators }: Services): void => {
  app.post(
    "/organizations/:organizationId/products",
    {
      schema: {
        tags,
        summary: "Create a product; its name must be free within the organization",
        params: OfOrganization,
        body: NamedProduct,
        response: { 201: Product, ...problemsOfChange }
      }
    },
    async ({ body, params }, reply) => {
      refuseReserved(operators, params.organizationId)
      return reply.code(201).send(await client.createProduct({ ...params, ...body }))
    }
  )

  app.get(
    "/organizations/:organizationId/products",
    {
      schema: {
        tags,
        summary: "List the products of an organization, newest first",
        params: OfOrganization,
        querystring: PageQuery,
        response: { 200: pageOf(Product), ...problemsOfOne }
      }
    },
    ({ params, query }) => client.listProducts({ ...params, ...query })
  )

  app.get(
    "/products/:productId",
    {
      schema: {
        tags,
        summary: "Get a product",
        params: OfProduct,
        response: { 200: Product, ...problemsOfOne }
      }
    },
    ({ params }) => client.getProduct(params.productId)
  )

  app.patch(
    "/products/:productId",
    {
      schema: {
        tags,
        summary: "Rename a product",
        params: OfProduct,
        body: NamedProduct,
        response: { 200: Product, ...problemsOfChange }
      }
    },
    ({ body, params }) => {
      refuseReserved(operators, params.productId)
      return client.renameProduct(params.productId, body)
    }
  )

  app.delete(
    "/products/:productId",
    {
      schema: {
        tags,
        summary: "Delete a product to which no keys are narrowed, with its links",
        params: OfProduct,
        response: { 204: Nothing, ...problemsOfChange }
      }
    },
    async ({ params }, reply) => {
      refuseReserved(operators, params.productId)
      await client.deleteProduct(params.productId)
      return reply.code(204).send()
    }
  )
}
