import type { Api } from "./Api.js"
import type { Route } from "./documentedRoutes.js"

const templateOf = (routes: ReadonlyArray<Route>, method: string, path: string): string =>
  routes.find(
    (route) =>
      route.method === method &&
      new RegExp(`^${route.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(path) &&
      (!route.path.includes("{keyId}") || !path.includes("/keys/revoke"))
  )?.path ?? path

/** Notes the status that each route answered with, and every plaintext. */
export const watchApi = (api: Api, routes: () => ReadonlyArray<Route>) => {
  const seen = new Set<string>()
  const plaintexts: Array<string> = []
  const watched: Api = async (method, path, call = {}) => {
    const answer = await api(method, path, call)
    seen.add(`${method} ${templateOf(routes(), method, path.split("?")[0]!)} ${answer.status}`)
    if (typeof answer.body?.plaintext === "string") plaintexts.push(answer.body.plaintext)
    return answer
  }
  return { api: watched, seen, plaintexts }
}
