import type { Api } from "./Api.js"

/** An operation of the OpenAPI document. */
export interface Route {
  readonly method: string
  readonly path: string
  /** The names of its path and query parameters. */
  readonly inPath: ReadonlyArray<string>
  readonly inQuery: ReadonlyArray<string>
  readonly hasBody: boolean
  readonly statuses: ReadonlyArray<number>
}

/** Every operation that the server's document names. */
export const documentedRoutes = async (api: Api): Promise<ReadonlyArray<Route>> => {
  const { body } = await api("GET", "/openapi.json", { key: undefined })
  const operations = Object.entries(body.paths).flatMap(([path, item]) =>
    // biome-ignore lint/suspicious/noExplicitAny: of the document, whose validity is another test's.
    Object.entries(item as Record<string, any>).map(([method, operation]) => {
      const named = (where: string): ReadonlyArray<string> =>
        (operation.parameters ?? []).flatMap((each: { readonly in: string; readonly name: string }) =>
          each.in === where ? [each.name] : []
        )
      return {
        method: method.toUpperCase(),
        path,
        inPath: named("path"),
        inQuery: named("query"),
        hasBody: operation.requestBody !== undefined,
        statuses: Object.keys(operation.responses).map(Number)
      }
    })
  )
  if (operations.length < 25) throw new Error("The document lacks routes")
  return operations
}

/** The path with something in the place of each parameter. */
export const pathOf = (route: Route, value: string | (() => string)): string =>
  route.path.replace(/\{\w+\}/g, () => (typeof value === "string" ? value : value()))

/** The only routes that are no operator's. A new one is an operator's, or has to be named here. */
export const isForOperators = ({ path }: Route): boolean =>
  path !== "/health" && path !== "/v1/products/{productId}/protected"
